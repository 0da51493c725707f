import type { RelayProxySpec } from '@flagrelay/crds';
import { type Evidence, someOf, type Verdict } from './verdict.ts';

/** Available: as many pods are ready as the disruption budget leaves. */
export function available({ snapshot }: Evidence): Verdict {
  const { deployment, relayProxy, pods } = snapshot;
  if (deployment === undefined) {
    return { status: 'False', reason: 'NoInstances', message: 'There is no Deployment yet.' };
  }
  const { desired, ready, replicaFailure } = deployment;
  if (desired === 0) return { status: 'False', reason: 'NoInstances', message: '`spec.replicas` is 0.' };
  const floor = readyFloor(relayProxy.spec.disruptionBudget, desired);
  const counts = `${ready} of ${desired} pods are ready, at least ${floor} must be`;
  if (ready >= floor) return { status: 'True', reason: 'MinimumAvailable', message: `${counts}.` };
  const waiting = [...new Set(pods.flatMap((pod) => pod.waiting?.reason ?? []))];
  const why = [
    ...(waiting.length > 0 ? [`pods wait: ${someOf(waiting)}`] : []),
    ...(replicaFailure ? [replicaFailure] : []),
  ];
  const reason = ready === 0 ? 'NoInstances' : 'BelowMinimum';
  return { status: 'False', reason, message: `${[counts, ...why].join('; ')}.` };
}

/** Fewest ready pods that the budget allows, at least one; percentages as the disruption controller rounds them: up. */
export function readyFloor(budget: RelayProxySpec['disruptionBudget'], desired: number): number {
  return Math.min(desired, Math.max(1, readyFloorOf(budget, desired)));
}

/** The same as the disruption controller counts: none, where all pods may go; more than there are, where none may. */
export function readyFloorOf(
  { minAvailable, maxUnavailable = 1 }: RelayProxySpec['disruptionBudget'],
  desired: number,
): number {
  return minAvailable === undefined ? desired - count(maxUnavailable, desired) : count(minAvailable, desired);
}

function count(value: number | string, of: number): number {
  return typeof value === 'number' ? value : Math.ceil((Number.parseInt(value, 10) / 100) * of);
}
