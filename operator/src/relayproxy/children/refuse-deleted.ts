import type { RelayProxy } from '@flagrelay/crds';
import { isNotFound } from '@flagrelay/kube/api-error';
import type { RestClient } from '../../runtime/rest-types.ts';
import { types } from '../resources/kubernetes-types.ts';
import { identityOf } from '../resources/names.ts';

/** A child of a deleted RelayProxy of the same name is still there; it goes by itself. */
export class LeftoverError extends Error {
  override readonly name = 'LeftoverError';
}

/**
 * An orphan delete removes the references of the children and then the RelayProxy. Who put them back meanwhile would have
 * the children deleted after all, so that only the newest state counts. Throws LeftoverError, and what the client throws.
 * @param object the child, for the error
 */
export async function refuseDeleted(
  client: RestClient,
  relayProxy: RelayProxy,
  object: string,
  signal: AbortSignal,
): Promise<void> {
  const newest = await client.get(types.relayProxy, identityOf(relayProxy), { signal }).catch((error: unknown) => {
    if (isNotFound(error)) return undefined;
    throw error;
  });
  const { uid, deletionTimestamp } = newest?.metadata ?? {};
  if (uid === relayProxy.metadata.uid && deletionTimestamp === undefined) return;
  throw new LeftoverError(`${object} is left behind: its RelayProxy is being deleted`);
}
