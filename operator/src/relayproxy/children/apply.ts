import type { RelayProxy } from '@flagrelay/crds';
import { isNotFound } from '@flagrelay/kube/api-error';
import type { Clock } from '@flagrelay/kube/clock';
import { type KubernetesObject, type ObjectRef, objectKey, type ResourceType, refKey } from '../../runtime/objects.ts';
import { isOlder } from '../../runtime/resource-version.ts';
import type { RestClient } from '../../runtime/rest-types.ts';
import type { Store } from '../../runtime/store-types.ts';
import { hashOf } from '../resources/hash.ts';
import { appliedHashAnnotation, handOverManager, upgradeAnnotation } from '../resources/names.ts';
import { type Contest, type ContestReason, createContests, type Drift } from './contests.ts';
import { type Difference, differencesOf, holdersOf } from './differences.ts';
import { controllerOf, ownerReference, ownershipOf } from './ownership.ts';
import { LeftoverError, refuseDeleted } from './refuse-deleted.ts';

/** What became of one child. */
export interface ApplyResult {
  readonly change: 'created' | 'updated' | 'unchanged';
  /** Somebody else keeps the child from being what it should be. */
  readonly contest: Contest | undefined;
}

/** An object of somebody else has the name of a child. */
export class ForeignObjectError extends Error {
  override readonly name = 'ForeignObjectError';
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
   * Makes one child what it should be, by server-side apply. Fields that others set stay; ours are put back, ever more slowly
   * where somebody changes them again each time. Throws ForeignObjectError, LeftoverError, and what the client throws.
   */
  apply(request: ApplyRequest): Promise<ApplyResult>;
  /** Drops what is remembered of one child: it is not wanted, or its kind is not there, so that nobody else took it away. */
  drop(type: ResourceType, ref: ObjectRef): void;
  /** Children over which there is a contest now, by its reason. */
  contests(reason: ContestReason): number;
  /** Drops what is remembered of the children of a RelayProxy. */
  forget(relayProxyUid: string): void;
}

/** What an {@link Applier} works with. */
export interface ApplierOptions {
  readonly client: RestClient;
  /** Caches of the children; an object that is not in its cache is asked for. */
  readonly storeOf: (type: ResourceType) => Store<KubernetesObject>;
  readonly clock: Pick<Clock, 'now'>;
  /** Called when a child was put back after somebody had changed it. */
  readonly onPutBack?: (type: ResourceType) => void;
}

/** The last state of an object that was looked at: it is looked at again once its version or the hash is another. */
interface Applied {
  readonly owner: string;
  readonly hash: string;
  /** Hash of what somebody wants: without when it was done. */
  readonly content: string;
  readonly resourceVersion: string | undefined;
  /** False when it was not what it should be, right after it was applied. */
  readonly clean: boolean;
  /** Monotonic ms. */
  readonly at: number;
}

/** So long a cache may lag behind an apply, ms; an older version after that is another history, as of a restored etcd. */
const LAG_MS = 60_000;

/** Makes an {@link Applier}. */
export function createApplier({ client, storeOf, clock, onPutBack }: ApplierOptions): Applier {
  const applied = new Map<string, Applied>();
  const contests = createContests(clock);

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
      const content = contentHash(desired, hash);
      const child = keyOf(type, objectKey(desired));
      const owner = relayProxy.metadata.uid ?? '';
      const known = applied.get(child);
      const last = known?.owner === owner ? known : undefined;
      const live = await find(type, desired, signal);
      const wanted = withHash(desired, hash);
      const result = (change: ApplyResult['change'], differs: boolean): ApplyResult => ({
        change,
        contest: contests.over(child, differs),
      });

      if (live !== undefined) {
        if (refuseForeign(live, relayProxy, type, hash) === 'orphan') {
          await refuseDeleted(client, relayProxy, `${type.kind} "${live.metadata?.name}"`, signal);
        }
        const { resourceVersion } = live.metadata ?? {};
        if (last?.hash === hash && last.clean) {
          // The cache has not caught up with what was applied.
          const lags = isOlder(resourceVersion, last.resourceVersion) && clock.now() - last.at < LAG_MS;
          if (lags) return result('unchanged', false);
          if (last.resourceVersion === resourceVersion) {
            contests.settled(child);
            return result('unchanged', false);
          }
        }
      }
      const differences = live === undefined ? [] : [...referenceProblems(live, owner), ...differencesOf(wanted, live)];
      if (live !== undefined && differences.length === 0) {
        const { resourceVersion } = live.metadata ?? {};
        applied.set(child, { owner, hash, content, resourceVersion, clean: true, at: clock.now() });
        contests.settled(child);
        return result('unchanged', false);
      }
      // It was once what it should be: so somebody changed it since.
      const again =
        last === undefined ? live?.metadata?.annotations?.[appliedHashAnnotation] === hash : last.content === content;
      const drift = again ? driftOf(differences, live, last !== undefined) : undefined;
      if (drift !== undefined && contests.waitMs(child) > 0) return result('unchanged', true);

      const stored = await client.apply(type, complete(wanted, relayProxy), { force: true, signal });
      const { resourceVersion } = stored.metadata ?? {};
      const remaining = differencesOf(wanted, stored);
      const clean = remaining.length === 0;
      applied.set(child, { owner, hash, content, resourceVersion, clean, at: clock.now() });
      if (!clean) contests.overridden(child, owner, driftOf(remaining, stored, false));
      else if (drift !== undefined) {
        contests.putBack(child, owner, drift);
        onPutBack?.(type);
      }
      if (live === undefined) return result('created', !clean);
      return result(resourceVersion === live.metadata?.resourceVersion ? 'unchanged' : 'updated', !clean);
    },

    drop(type, ref) {
      const child = keyOf(type, refKey(ref));
      applied.delete(child);
      contests.drop(child);
    },

    contests: contests.count,

    forget(relayProxyUid) {
      for (const [key, { owner }] of applied) if (owner === relayProxyUid) applied.delete(key);
      contests.forget(relayProxyUid);
    },
  };
}

/** Two operators that undo each other's upgrade set a new time of it in each round: that alone is no new wish. */
function contentHash(desired: KubernetesObject, hash: string): string {
  const { [upgradeAnnotation]: mark, ...annotations } = desired.metadata?.annotations ?? {};
  return mark === undefined ? hash : hashOf({ ...desired, metadata: { ...desired.metadata, annotations } });
}

function keyOf(type: ResourceType, key: string): string {
  return `${type.plural}.${type.group}/${key}`;
}

/** The reference by which the child goes with its RelayProxy, when it is not there. */
function referenceProblems(live: KubernetesObject, owner: string): Difference[] {
  if (controllerOf(live)?.uid === owner) return [];
  return [{ path: 'metadata.ownerReferences', steps: ['f:metadata', 'f:ownerReferences'] }];
}

/** Another operator of this kind sets the same fields by the same name, and another hash than ours. */
const ANOTHER_OPERATOR = 'another flagrelay operator';

function driftOf(differences: readonly Difference[], live: KubernetesObject | undefined, ours: boolean): Drift {
  const hashPath = `metadata.annotations.${appliedHashAnnotation}`;
  const all = differences.map(({ path }) => path);
  const content = all.filter((path) => path !== hashPath);
  const paths = content.length > 0 ? content : all;
  const holders = differences.flatMap((difference) => (live === undefined ? [] : holdersOf(difference, live)));
  const named = [...new Set(holders)].filter((holder) => holder !== handOverManager);
  const byAnother = ours && named.length === 0 && all.includes(hashPath);
  return { paths, holders: byAnother ? [ANOTHER_OPERATOR] : named };
}

/** The desired object with the hash by which its state is known again. */
function withHash(desired: KubernetesObject, hash: string): KubernetesObject {
  const annotations = { ...desired.metadata?.annotations, [appliedHashAnnotation]: hash };
  return { ...desired, metadata: { ...desired.metadata, annotations } };
}

/** The object as it is applied. */
function complete(wanted: KubernetesObject, relayProxy: RelayProxy): KubernetesObject {
  return { ...wanted, metadata: { ...wanted.metadata, ownerReferences: [ownerReference(relayProxy)] } };
}

function refuseForeign(
  live: KubernetesObject,
  relayProxy: RelayProxy,
  type: ResourceType,
  hash: string,
): 'ours' | 'orphan' {
  const ownership = ownershipOf(live, relayProxy, hash);
  const object = `${type.kind} "${live.metadata?.name}"`;
  if (ownership === 'leftover') {
    throw new LeftoverError(`${object} of a deleted RelayProxy of the same name is still being removed`);
  }
  if (ownership !== 'foreign') return ownership;
  const controller = controllerOf(live);
  throw new ForeignObjectError(
    controller === undefined
      ? `${object} exists and is not ours; annotate it with flagrelay.dev/adopt=true to have it taken over, or remove it`
      : `${object} exists and is controlled by ${controller.kind} "${controller.name}"`,
  );
}
