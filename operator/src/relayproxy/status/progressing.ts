import type { PodFacts } from '../pods/pod-facts.ts';
import { isFailing } from '../pods/pod-waiting.ts';
import { podsWithoutKeys } from './pods-without-keys.ts';
import { type Evidence, someOf, type Verdict } from './verdict.ts';

/**
 * Progressing: a rollout is in progress or complete (as the Deployment's condition means it); False when it is stuck, which is
 * reported as soon as a pod fails for a reason that waiting does not fix, or is not ready for want of a key, and at the Deployment's deadline in
 * any case. A paused Deployment has no deadline.
 */
export function progressing({ snapshot }: Evidence): Verdict {
  const { deployment, outcome, pods } = snapshot;
  if (deployment === undefined) {
    return { status: 'Unknown', reason: 'Reconciling', message: 'There is no Deployment yet.' };
  }
  const { desired, replicas, updated, available, observed, paused, deadlineExceeded, replicaFailure } = deployment;
  if (paused) {
    const message =
      'The Deployment itself is paused (`kubectl rollout pause`), so that no change reaches pods: `kubectl rollout resume` it; `spec.paused` is the way to stop changes.';
    return { status: 'False', reason: 'DeploymentPaused', message };
  }
  const waiting = pods.flatMap((pod) => (pod.waiting ? [describe(pod)] : []));
  const keyless = podsWithoutKeys(snapshot);
  const why = [
    ...(waiting.length > 0 ? [someOf(waiting, 3)] : []),
    ...(keyless.length > 0 ? [someOf(keyless, 3)] : []),
    ...(replicaFailure ? [replicaFailure] : []),
  ];
  if (deadlineExceeded !== undefined) {
    return { status: 'False', reason: 'DeadlineExceeded', message: `${[deadlineExceeded, ...why].join('; ')}` };
  }
  const upgrade = outcome.kind === 'applied' ? outcome.upgrade : undefined;
  if (observed && updated === desired && replicas === desired && available === desired) {
    if (upgrade !== undefined) return { status: 'True', reason: 'UpgradePending', message: upgrade.why };
    return { status: 'True', reason: 'RolloutComplete', message: `${desired} pods run the newest pod template.` };
  }
  const counts = `${updated} of ${desired} pods run the newest pod template, ${available} are available`;
  const message = `${[counts, ...why].join('; ')}.`;
  const failing = keyless.length > 0 || pods.some(({ waiting: found }) => found !== undefined && isFailing(found));
  if (failing && available < Math.max(desired, replicas)) return { status: 'False', reason: 'PodsFailing', message };
  return { status: 'True', reason: 'RollingOut', message };
}

function describe({ name, waiting }: PodFacts): string {
  return `${name}: ${waiting?.reason}${waiting?.words ? ` (${waiting.words})` : ''}`;
}
