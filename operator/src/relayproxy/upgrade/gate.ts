import type { RelayProxy, RelayProxyStatus } from '@flagrelay/crds';
import type { Clock } from '@flagrelay/kube/clock';
import { controllerOf, refKey } from '../../runtime/objects.ts';
import type { Store } from '../../runtime/store-types.ts';
import type { Deployment, RawRelayProxy } from '../resources/kubernetes-types.ts';
import { identityOf, relayName, upgradeAnnotation } from '../resources/names.ts';
import { deploymentFacts } from '../status/deployment-facts.ts';
import type { PendingUpgrade } from '../status/snapshot.ts';
import { formatMark, isComplete, isUnderWay, markOf, templateChange } from './plan.ts';

/** May the pods of a RelayProxy be replaced now? */
export type Admission =
  /** `mark`: the annotation that the Deployment is to have. */
  | { readonly kind: 'go'; readonly mark: string | undefined }
  | ({ readonly kind: 'wait'; readonly recheckAfterMs: number } & PendingUpgrade);

/** Lets fleets be upgraded a few at a time after the operator itself was. */
export interface UpgradeGate {
  admit(request: AdmitRequest): Admission;
  /** The RelayProxy is gone. */
  forget(key: string): void;
}

/** Who asks. */
export interface AdmitRequest {
  readonly relayProxy: RelayProxy;
  readonly status: RelayProxyStatus;
  readonly live: Deployment | undefined;
  readonly desired: Deployment;
}

/** Caches that upgrades are decided from, and how many may run at a time. */
export interface UpgradeGateOptions {
  /** With an index {@link upgradeIndex}. */
  readonly deployments: Store<Deployment>;
  readonly relayProxies: Store<RawRelayProxy>;
  readonly clock: Pick<Clock, 'now' | 'wallNow'>;
  /** How many fleets are upgraded at a time. */
  readonly maxConcurrent: number;
  /** Least time between the beginnings of two upgrades, ms. */
  readonly delayMs: number;
  /** A RelayProxy that waits may have its turn after so many ms: look at it then. */
  readonly wake: (key: string, afterMs: number) => void;
}

/** Name of the index that {@link upgradeKeys} makes. */
export const upgradeIndex = 'upgrade';
/** Value under which the index has the Deployments that were upgraded and whose rollout is not complete. */
const INCOMPLETE = 'incomplete';

/** Index values of a Deployment. */
export function upgradeKeys(deployment: Deployment): readonly string[] {
  return markOf(deployment) === undefined || isComplete(deployment) ? [] : [INCOMPLETE];
}

/** True when new pods may not get ready, whatever the release is: some did not before, or lack what the spec refers to. */
function isUnwell({ conditions = [] }: RelayProxyStatus, live: Deployment | undefined): boolean {
  const lacksReference = conditions.some(({ type, status }) => type === 'ReferencesResolved' && status === 'False');
  return lacksReference || (live !== undefined && !isComplete(live));
}

/** Who waits is woken when its turn has come; for what nobody says, it looks again by itself, ms. */
const RECHECK_MS = 300_000;
/** The cache shows what was applied within this time, ms. */
const CACHE_LAG_MS = 30_000;

/**
 * Makes an {@link UpgradeGate}. Which fleets are done, in progress or stuck is read from annotations and states of the
 * Deployments, so that another leader goes on where the last one stopped. An upgrade that does not get ready is never
 * passed over: what ails one fleet is likely to ail the next.
 */
export function createUpgradeGate(options: UpgradeGateOptions): UpgradeGate {
  const { deployments, relayProxies, clock, maxConcurrent, delayMs, wake } = options;
  const waiting = new Set<string>();
  /** Admitted just now: the cache may not show it yet. By RelayProxy, with monotonic ms. */
  const admitted = new Map<string, { readonly at: number; readonly mark: string }>();
  /** ms since the epoch; undefined: not looked yet. */
  let lastStart: number | undefined;

  function underWay(self: string | undefined): Deployment[] {
    const now = clock.wallNow();
    return deployments
      .byIndex(upgradeIndex, INCOMPLETE)
      .filter((deployment) => ownerKey(deployment) !== self && isUnderWay(deployment, now))
      .filter((deployment) => isLookedAfter(relayProxies.getByKey(ownerKey(deployment))));
  }

  /** Fleets that are being upgraded, without one. */
  function active(self: string | undefined): number {
    const seen = new Set(underWay(self).map(ownerKey));
    for (const [key, { at, mark }] of admitted) {
      const live = deployments.getByKey(deploymentKey(key));
      const visible = live?.metadata?.annotations?.[upgradeAnnotation] === mark;
      if (visible || clock.now() - at >= CACHE_LAG_MS || !relayProxies.getByKey(key)) admitted.delete(key);
      else if (key !== self) seen.add(key);
    }
    return seen.size;
  }

  function delayLeft(): number {
    if (delayMs === 0) return 0;
    lastStart ??= Math.max(...deployments.list().map((item) => markOf(item)?.startedAt ?? 0), 0);
    return Math.max(0, lastStart + delayMs - clock.wallNow());
  }

  /** Wakes the first in the order of their names, when there is room. */
  function wakeNext(): void {
    if (waiting.size === 0 || active(undefined) >= maxConcurrent) return;
    let first: string | undefined;
    for (const key of waiting) if (first === undefined || key < first) first = key;
    if (first !== undefined) wake(first, delayLeft());
  }

  function wait(key: string): Admission {
    waiting.add(key);
    const stuck = underWay(key).filter((item) => deploymentFacts(item).deadlineExceeded !== undefined);
    return { kind: 'wait', why: explain(key, stuck, maxConcurrent), recheckAfterMs: Math.max(delayLeft(), RECHECK_MS) };
  }

  function admit({ relayProxy, status, live, desired }: AdmitRequest): Admission {
    const key = refKey(identityOf(relayProxy));
    switch (templateChange(relayProxy, status, live, desired)) {
      case 'none':
        return { kind: 'go', mark: live?.metadata?.annotations?.[upgradeAnnotation] };
      case 'edit':
        return { kind: 'go', mark: undefined };
      case 'upgrade': {
        if (active(key) >= maxConcurrent || delayLeft() > 0) return wait(key);
        const startedAt = clock.wallNow();
        lastStart = startedAt;
        const mark = formatMark({ startedAt, unwell: isUnwell(status, live) });
        admitted.set(key, { at: clock.now(), mark });
        return { kind: 'go', mark };
      }
    }
  }

  return {
    admit(request) {
      const admission = admit(request);
      if (admission.kind === 'go') {
        waiting.delete(refKey(identityOf(request.relayProxy)));
        wakeNext();
      }
      return admission;
    },
    forget(key) {
      admitted.delete(key);
      waiting.delete(key);
      wakeNext();
    },
  };

  function deploymentKey(key: string): string {
    const [namespace = '', name = ''] = key.split('/');
    return refKey({ namespace, name: relayName({ metadata: { name, namespace } } as RelayProxy) });
  }
}

function ownerKey(deployment: Deployment): string {
  return refKey({ name: controllerOf(deployment)?.name ?? '', namespace: deployment.metadata?.namespace });
}

/** False for what its owner manages, and for what is on its way out. */
function isLookedAfter(raw: RawRelayProxy | undefined): boolean {
  if (raw === undefined || raw.metadata?.deletionTimestamp !== undefined) return false;
  return (raw.spec as { paused?: boolean } | undefined)?.paused !== true;
}

/** Why it waits: the same words as long as nothing has changed for who waits. Names of other namespaces are not told. */
function explain(key: string, stuck: readonly Deployment[], maxConcurrent: number): string {
  const turn = `A newer pod template of this operator's release waits for its turn: ${maxConcurrent} RelayProxies are upgraded at a time.`;
  const [first] = stuck;
  if (first === undefined) return turn;
  const namespace = key.split('/')[0];
  const who =
    first.metadata?.namespace === namespace
      ? `RelayProxy ${controllerOf(first)?.name}`
      : 'a RelayProxy of another namespace';
  return `${turn} The upgrade has stopped: the new pods of ${who} do not get ready. It goes on once they do, or that RelayProxy is changed, paused or deleted.`;
}
