import type { KubernetesObject, ResourceType } from '../../runtime/objects.ts';
import type { RestClient } from '../../runtime/rest-types.ts';
import type { Store } from '../../runtime/store-types.ts';

/** Name of the index of the children's caches by the UID of their controller. */
export const ownerIndex = 'owner';

/** What pruning takes. */
export interface PruneRequest {
  readonly type: ResourceType;
  /** Children of this kind, with an index {@link ownerIndex}. */
  readonly store: Store<KubernetesObject>;
  readonly ownerUid: string;
  /** Names of the children of this kind that are wanted. */
  readonly keep: readonly string[];
  readonly signal: AbortSignal;
}

/** Deletes the children of one kind that are no longer wanted; answers their names. Throws what the client throws. */
export async function pruneChildren(client: RestClient, request: PruneRequest): Promise<string[]> {
  const { type, store, ownerUid, keep, signal } = request;
  const deleted: string[] = [];
  for (const { metadata } of store.byIndex(ownerIndex, ownerUid)) {
    const { name = '', namespace, uid, deletionTimestamp } = metadata ?? {};
    if (keep.includes(name) || deletionTimestamp !== undefined) continue;
    // With the UID: an object that was created again under this name meanwhile is not the one that was looked at.
    const preconditions = uid === undefined ? undefined : { uid };
    if (await client.delete(type, { name, namespace }, { preconditions, signal })) deleted.push(name);
  }
  return deleted;
}
