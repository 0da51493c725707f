import { ApiError, isConflict, isNotFound } from '@flagrelay/kube/api-error';
import type { KubernetesObject, ResourceType } from '../../runtime/objects.ts';
import type { RestClient } from '../../runtime/rest-types.ts';
import { types } from '../resources/kubernetes-types.ts';

/** A pod to evict. */
export interface EvictRequest {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly signal: AbortSignal;
}

/** `refused`: the disruption budget does not allow it now. `gone`: this very pod is not there any more. */
export type Eviction = 'evicted' | 'refused' | 'gone';

/** A budget that refuses says "later"; we look again by ourselves, ms. */
const DEADLINE_MS = 3000;

/**
 * Asks the API server to evict a pod. Not a delete: the eviction is what the disruption budget is checked at, in one step, so
 * that a drain at the same moment and we cannot both take a pod of the last that may go. Throws what the client throws.
 */
export async function evict(client: RestClient, { name, namespace, uid, signal }: EvictRequest): Promise<Eviction> {
  const eviction = {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name, namespace },
    deleteOptions: { preconditions: { uid } },
  };
  try {
    const options = { subresource: 'eviction', deadlineMs: DEADLINE_MS, signal };
    await client.create(types.pod as ResourceType, eviction as KubernetesObject, options);
    return 'evicted';
  } catch (error) {
    if (isNotFound(error) || isConflict(error)) return 'gone';
    if (error instanceof ApiError && error.code === 429) return 'refused';
    throw error;
  }
}
