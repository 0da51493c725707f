import type { InstanceStatus } from '@flagrelay/crds';
import { fromTime } from '../resources/times.ts';
import type { SilentPod, Snapshot } from './snapshot.ts';
import { type Evidence, someOf, type Verdict } from './verdict.ts';

/** Tokens of pods live so long, with some minutes that kubelet renews them early, ms. */
const TOKEN_MS = 3_607_000;

/** Why a pod cannot write its report, in words; by what it says itself when it is asked. */
const CAUSES: Readonly<Record<string, string>> = {
  TokenRefused: 'the API server refuses the token of its ServiceAccount',
  Forbidden: 'its ServiceAccount may not write the status',
  NotFound: 'it does not find the RelayProxy',
  Invalid: 'the API server finds its report invalid: CRD and relay may differ in version',
  Unreachable: 'it cannot reach the API server',
  Failed: 'the API server does not take its report',
};

/** A pod that does not report, with what is known of why. */
export function describeSilent({ name, cause, problem }: SilentPod): string {
  const why = (cause === undefined ? undefined : CAUSES[cause]) ?? problem;
  return why === undefined ? name : `${name} (${why})`;
}

/** ReportsReceived: what pods report of themselves gets through. Otherwise the operator asks them. */
export function reportsReceived({ snapshot }: Evidence): Verdict {
  const { silent, instances } = snapshot;
  if (silent.length > 0) {
    const cause = silent.find((pod) => pod.cause !== undefined && CAUSES[pod.cause] !== undefined)?.cause;
    const message = `Pods that do not report and are asked instead: ${someOf(silent.map(describeSilent))}.`;
    return { status: 'False', reason: cause ?? 'InstancesSilent', message };
  }
  const older = olderThanAccount(snapshot);
  if (older.length > 0) {
    const message = `The ServiceAccount was created again after ${someOf(older)}: the API server refuses their tokens until kubelet renews them, which takes up to an hour, or the pods are replaced. The operator asks them meanwhile.`;
    return { status: 'Unknown', reason: 'AccountReplaced', message };
  }
  if (instances.length === 0) {
    return { status: 'Unknown', reason: 'Initializing', message: 'No pod has reported yet.' };
  }
  return { status: 'True', reason: 'AllReport', message: 'Every pod that is ready reports what changes.' };
}

/** When it is over that tokens of a former account are about, ms since the epoch; undefined while none is. */
export function formerTokensUntil(snapshot: Snapshot): number | undefined {
  const { accountSince } = snapshot;
  return accountSince === undefined || olderThanAccount(snapshot).length === 0
    ? undefined
    : accountSince + TOKEN_MS + 1;
}

/** Pods whose token may be of an account that is gone: nothing of them has come since the account was made. */
function olderThanAccount({ accountSince, pods, instances, now }: Snapshot): string[] {
  if (accountSince === undefined || now - accountSince > TOKEN_MS) return [];
  const reportedSince = ({ lastReportTime }: InstanceStatus) => (fromTime(lastReportTime) ?? 0) > accountSince;
  const fine = new Set(instances.filter(reportedSince).map(({ uid }) => uid));
  return pods
    .filter((pod) => pod.ready && (pod.createdAt ?? now) < accountSince && !fine.has(pod.uid))
    .map(({ name }) => name);
}
