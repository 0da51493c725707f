import type { InstanceStatus } from '@flagrelay/crds';
import { isInvalid, isNotFound } from '@flagrelay/kube/api-error';
import type { ObjectRef } from '../runtime/objects.ts';
import type { JsonPatchOperation, RestClient } from '../runtime/rest-types.ts';
import { types } from './resources/kubernetes-types.ts';
import { fieldManager } from './resources/names.ts';
import { isFinished } from './status/pods.ts';

/** What removing the reports of dead pods takes. */
export interface DeadInstancesRequest {
  readonly relayProxy: ObjectRef;
  readonly instances: readonly InstanceStatus[];
  /** UIDs of the pods that the cache knows to be alive. */
  readonly alive: ReadonlySet<string>;
  readonly signal: AbortSignal;
}

/**
 * Removes the items of pods that are gone from `status.instances`; a pod removes its own only when it ends in order.
 * A pod that the cache does not know is asked for first: it may be newer than the cache. Resolves to false when the
 * list changed meanwhile, so that nothing was removed. Throws what the client throws.
 */
export async function removeDeadInstances(client: RestClient, request: DeadInstancesRequest): Promise<boolean> {
  const { relayProxy, instances, alive, signal } = request;
  const operations: JsonPatchOperation[] = [];
  // From the end: removing an item moves those behind it.
  for (const [index, { name, uid }] of [...instances.entries()].reverse()) {
    if (uid !== undefined && alive.has(uid)) continue;
    if (await isAlive(client, { name, namespace: relayProxy.namespace }, uid, signal)) continue;
    const path = `/status/instances/${index}`;
    operations.push({ op: 'test', path: `${path}/name`, value: name }, { op: 'remove', path });
  }
  if (operations.length === 0) return true;
  try {
    const options = { subresource: 'status', fieldManager, signal };
    await client.patch(types.relayProxy, relayProxy, { type: 'json', operations }, options);
    return true;
  } catch (error) {
    if (isInvalid(error) || isNotFound(error)) return false;
    throw error;
  }
}

async function isAlive(client: RestClient, ref: ObjectRef, uid: string | undefined, signal: AbortSignal) {
  try {
    const pod = await client.get(types.pod, ref, { signal });
    return (uid === undefined || pod.metadata?.uid === uid) && !isFinished(pod);
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}
