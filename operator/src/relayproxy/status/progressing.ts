import { type Evidence, someOf, type Verdict } from './verdict.ts';

/** Progressing: a rollout is under way or complete (as the Deployment's condition means it); False when it is stuck. */
export function progressing({ snapshot: { deployment, pods } }: Evidence): Verdict {
  if (deployment === undefined) {
    return { status: 'Unknown', reason: 'Reconciling', message: 'There is no Deployment yet.' };
  }
  const { desired, replicas, updated, available, observed, deadlineExceeded, replicaFailure } = deployment;
  const waiting = [...new Set(pods.flatMap((pod) => (pod.waiting ? [`${pod.name}: ${pod.waiting}`] : [])))];
  const why = [...(waiting.length > 0 ? [someOf(waiting, 3)] : []), ...(replicaFailure ? [replicaFailure] : [])];
  if (deadlineExceeded !== undefined) {
    return { status: 'False', reason: 'DeadlineExceeded', message: `${[deadlineExceeded, ...why].join('; ')}` };
  }
  if (observed && updated === desired && replicas === desired && available === desired) {
    return { status: 'True', reason: 'RolloutComplete', message: `${desired} pods run the newest pod template.` };
  }
  const counts = `${updated} of ${desired} pods run the newest pod template, ${available} are available`;
  return { status: 'True', reason: 'RollingOut', message: `${[counts, ...why].join('; ')}.` };
}
