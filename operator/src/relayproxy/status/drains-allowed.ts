import { readyFloorOf } from './available.ts';
import type { Evidence, Verdict } from './verdict.ts';

/**
 * DrainsAllowed: the disruption budget lets a pod go while all of them are ready. One that never does blocks `kubectl drain`,
 * and whoever replaces nodes, forever. Undefined without a budget, and while there should be no pods.
 */
export function drainsAllowed({ snapshot: { deployment, relayProxy } }: Evidence): Verdict | undefined {
  const budget = relayProxy.spec.disruptionBudget;
  if (!budget.enabled || deployment === undefined || deployment.desired === 0) return undefined;
  const { desired } = deployment;
  const spare = desired - readyFloorOf(budget, desired);
  if (spare > 0) {
    return { status: 'True', reason: 'BudgetAllows', message: `${spare} of ${desired} pods may be evicted at a time.` };
  }
  const { minAvailable, maxUnavailable } = budget;
  const field =
    minAvailable === undefined
      ? `\`spec.disruptionBudget.maxUnavailable\` is ${maxUnavailable}`
      : `\`spec.disruptionBudget.minAvailable\` is ${minAvailable} and there are ${desired} pods`;
  const message = `${field}: no pod that is ready may be evicted, so that a drain of its node never ends.`;
  return { status: 'False', reason: 'BudgetBlocksDrains', message };
}
