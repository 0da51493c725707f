import type { Verdict } from './verdict.ts';

/** The conditions that Ready sums up. */
export interface ReadyInputs {
  readonly reconciled: Verdict;
  /** Whatever keeps Reconciled from being True shows in the other conditions, as far as it matters. */
  readonly observable: boolean;
  readonly available: Verdict;
  readonly environmentsConnected: Verdict;
  /** Connected over all environments. */
  readonly summary: string;
}

/** Ready: the spec is applied, enough pods are ready and all environments are connected. */
export function ready(inputs: ReadyInputs): Verdict {
  const { reconciled, observable, available, environmentsConnected, summary } = inputs;
  if (reconciled.status === 'False' && !observable) return reconciled;
  if (available.status !== 'True') return { status: 'False', reason: 'NotAvailable', message: available.message };
  if (environmentsConnected.status === 'False') {
    return { status: 'False', reason: 'EnvironmentsDisconnected', message: environmentsConnected.message };
  }
  if (environmentsConnected.status === 'Unknown') {
    return { status: 'Unknown', reason: environmentsConnected.reason, message: environmentsConnected.message };
  }
  if (reconciled.status === 'Unknown') {
    return { status: 'Unknown', reason: reconciled.reason, message: reconciled.message };
  }
  return {
    status: 'True',
    reason: 'AllHealthy',
    message: `${summary} environments are connected; ${available.message}`,
  };
}
