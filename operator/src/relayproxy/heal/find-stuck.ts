import { allOthers, type EnvironmentState, type InstanceStatus } from '@flagrelay/crds';
import type { PodFacts } from '../pods/pod-facts.ts';
import { fromTime } from '../resources/times.ts';
import { reportOf } from '../status/aggregate.ts';
import { readyFloor } from '../status/available.ts';
import { isObservable } from '../status/reconciled.ts';
import type { Snapshot } from '../status/snapshot.ts';

/** One RelayProxy has at most one pod restarted in this time, ms. */
export const QUIET_MS = 600_000;

/** States that a restart may end. Not OFF and CredentialMissing: a key does not get better by it. */
const STUCK: ReadonlySet<EnvironmentState> = new Set(['INTERRUPTED', 'INITIALIZING']);

/** What to do about stuck instances. */
export type HealDecision =
  | { readonly kind: 'restart'; readonly pod: PodFacts; readonly note: string }
  /** Nothing now; `againInMs` when that may change by time alone. */
  | { readonly kind: 'none'; readonly againInMs: number | undefined };

/**
 * Decides whether a pod is to be restarted: one whose environments have all been stuck for `stuckAfterMs` while those same
 * environments are VALID in some other ready pod, so that neither upstream nor a key is the reason. Not while pods come and
 * go (a rollout, a drain), not when a pod was made in the last ten minutes, and not when fewer pods would be ready than the
 * disruption budget asks for. That the age of the youngest pod is the budget makes it survive a restart of the operator.
 */
export function findStuck(snapshot: Snapshot, stuckAfterMs: number): HealDecision {
  const { now, pods, outcome } = snapshot;
  if (outcome.kind !== 'applied' && !isObservable(outcome)) return { kind: 'none', againInMs: undefined };
  const stuck = pods.flatMap((pod) => stuckPod(snapshot, pod) ?? []).sort((a, b) => a.since - b.since);
  const [oldest] = stuck;
  if (oldest === undefined) return { kind: 'none', againInMs: undefined };
  const youngest = Math.max(...pods.map(({ createdAt }) => createdAt ?? now));
  const at = Math.max(oldest.since + stuckAfterMs, youngest + QUIET_MS);
  if (at > now) return { kind: 'none', againInMs: at - now };
  // Changes of pods and of the Deployment trigger a reconcile, so that there is no need to wait.
  if (!isSettled(snapshot) || !isSpare(snapshot, oldest.pod)) return { kind: 'none', againInMs: undefined };
  return { kind: 'restart', pod: oldest.pod, note: explain(oldest, now) };
}

interface Stuck {
  readonly pod: PodFacts;
  /** When the last of its environments got stuck, ms since the epoch. */
  readonly since: number;
  readonly states: readonly EnvironmentState[];
  readonly environments: number;
}

function stuckPod(snapshot: Snapshot, pod: PodFacts): Stuck | undefined {
  const report = snapshot.instances.find(({ uid }) => uid === pod.uid);
  const { unhealthy = [], totalEnvironments: environments = 0 } = report ?? {};
  // Pods that stand by in daemon mode report no environments.
  if (report === undefined || pod.terminating || environments === 0) return undefined;
  const all = unhealthy.some(({ name }) => name === allOthers) || unhealthy.length === environments;
  if (!all || !unhealthy.every(({ state }) => STUCK.has(state))) return undefined;
  if (!snapshot.pods.some((other) => other.ready && other.uid !== pod.uid && isFine(snapshot, other, report)))
    return undefined;
  const times = unhealthy.map(({ lastTransitionTime }) => fromTime(lastTransitionTime));
  const since = times.includes(undefined) ? undefined : Math.max(...(times as number[]));
  return since === undefined
    ? undefined
    : { pod, since, states: [...new Set(unhealthy.map(({ state }) => state))], environments };
}

/** True when the other pod has all the environments of the stuck one, and all are VALID in it. */
function isFine(snapshot: Snapshot, other: PodFacts, stuck: InstanceStatus): boolean {
  const report = snapshot.instances.find(({ uid }) => uid === other.uid);
  if (report === undefined || report.totalEnvironments !== stuck.totalEnvironments) return false;
  if (report.configHash !== stuck.configHash) return false;
  const names = (stuck.unhealthy ?? []).map(({ name }) => name);
  const all = names.includes(allOthers);
  const asked = all ? (report.unhealthy ?? []).map(({ name }) => name) : names;
  return asked.every((name) => (reportOf(report, name)?.state ?? 'VALID') === 'VALID');
}

/** True while no pod is on its way, in or out. */
function isSettled({ deployment, pods }: Snapshot): boolean {
  if (deployment === undefined || pods.some(({ terminating }) => terminating)) return false;
  const { desired, replicas, updated, observed } = deployment;
  return observed && updated === desired && replicas === desired && pods.length === desired;
}

/** True when enough pods are ready without this one. */
function isSpare({ deployment, pods, relayProxy }: Snapshot, pod: PodFacts): boolean {
  const left = pods.filter((other) => other.ready && other.uid !== pod.uid).length;
  return left >= readyFloor(relayProxy.spec.disruptionBudget, deployment?.desired ?? 0);
}

function explain({ pod, since, states, environments }: Stuck, now: number): string {
  const minutes = Math.floor((now - since) / 60_000);
  return `All ${environments} environments of pod ${pod.name} have been ${states.join(' or ')} for ${minutes} min while they are VALID in another pod; the pod is evicted, to be replaced by a new one.`;
}
