import type { RelayProxy } from '@flagrelay/crds';
import { isNotFound } from '../../runtime/api-error.ts';
import { type KubernetesObject, objectKey, type ResourceType } from '../../runtime/objects.ts';
import type { RestClient } from '../../runtime/rest-types.ts';
import type { Store } from '../../runtime/store-types.ts';
import { hashOf } from '../resources/hash.ts';
import { appliedHashAnnotation } from '../resources/names.ts';
import { controllerOf, ownerReference, ownershipOf } from './ownership.ts';
import { isSubset } from './subset.ts';

/** What became of one child. */
export type ApplyResult = 'created' | 'updated' | 'unchanged';

/** An object of somebody else has the name of a child. */
export class ForeignObjectError extends Error {
  override readonly name = 'ForeignObjectError';
}

/** A child of a deleted RelayProxy of the same name is still there; it goes by itself. */
export class LeftoverError extends Error {
  override readonly name = 'LeftoverError';
}

/** What applying one child takes. */
export interface ApplyRequest {
  readonly relayProxy: RelayProxy;
  readonly type: ResourceType;
  readonly desired: KubernetesObject;
  readonly signal: AbortSignal;
}

/** Applies children, and only those that differ from what is there. */
export interface Applier {
  /**
   * Makes one child what it should be, by server-side apply. Fields that others set stay; ours are put back.
   * Throws ForeignObjectError, LeftoverError, and what the client throws.
   */
  apply(request: ApplyRequest): Promise<ApplyResult>;
  /** Drops what is remembered of the children of a RelayProxy. */
  forget(relayProxyUid: string): void;
}

/** The last apply of an object: nothing changed since while the live object has this version and the hash is the same. */
interface Applied {
  readonly owner: string;
  readonly hash: string;
  readonly resourceVersion: string | undefined;
}

/** Makes an {@link Applier} over the caches of the children; an object that is not in its cache is asked for. */
export function createApplier(client: RestClient, storeOf: (type: ResourceType) => Store<KubernetesObject>): Applier {
  const applied = new Map<string, Applied>();

  async function find(type: ResourceType, desired: KubernetesObject, signal: AbortSignal) {
    const { name = '', namespace } = desired.metadata ?? {};
    const cached = storeOf(type).get({ name, namespace });
    if (cached !== undefined) return cached;
    try {
      return await client.get(type, { name, namespace }, { signal });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  return {
    async apply({ relayProxy, type, desired, signal }) {
      const hash = hashOf(desired);
      const memoryKey = `${type.plural}.${type.group}/${objectKey(desired)}`;
      const live = await find(type, desired, signal);
      if (live !== undefined) {
        refuseForeign(live, relayProxy, type);
        const last = applied.get(memoryKey);
        if (last?.hash === hash && last.resourceVersion === live.metadata?.resourceVersion) return 'unchanged';
        if (matches(live, desired, hash, relayProxy)) return 'unchanged';
      }
      const stored = await client.apply(type, complete(desired, hash, relayProxy), { force: true, signal });
      const { resourceVersion } = stored.metadata ?? {};
      applied.set(memoryKey, { owner: relayProxy.metadata.uid ?? '', hash, resourceVersion });
      if (live === undefined) return 'created';
      return resourceVersion === live.metadata?.resourceVersion ? 'unchanged' : 'updated';
    },

    forget(relayProxyUid) {
      for (const [key, { owner }] of applied) if (owner === relayProxyUid) applied.delete(key);
    },
  };
}

/** True when the live object is ours, was applied from the same desired state, and still has all of it. */
function matches(live: KubernetesObject, desired: KubernetesObject, hash: string, relayProxy: RelayProxy): boolean {
  return (
    controllerOf(live)?.uid === relayProxy.metadata.uid &&
    live.metadata?.annotations?.[appliedHashAnnotation] === hash &&
    isSubset(desired, { apiVersion: desired.apiVersion, kind: desired.kind, ...live })
  );
}

/** The desired object with what every child has. */
function complete(desired: KubernetesObject, hash: string, relayProxy: RelayProxy): KubernetesObject {
  const annotations = { ...desired.metadata?.annotations, [appliedHashAnnotation]: hash };
  return {
    ...desired,
    metadata: { ...desired.metadata, annotations, ownerReferences: [ownerReference(relayProxy)] },
  };
}

function refuseForeign(live: KubernetesObject, relayProxy: RelayProxy, type: ResourceType): void {
  const ownership = ownershipOf(live, relayProxy);
  const object = `${type.kind} "${live.metadata?.name}"`;
  if (ownership === 'leftover') {
    throw new LeftoverError(`${object} of a deleted RelayProxy of the same name is still being removed`);
  }
  if (ownership === 'ours') return;
  const controller = controllerOf(live);
  throw new ForeignObjectError(
    controller === undefined
      ? `${object} exists and is not ours; annotate it with flagrelay.dev/adopt=true to have it taken over, or remove it`
      : `${object} exists and is controlled by ${controller.kind} "${controller.name}"`,
  );
}
