import { scalingReason } from '../scaling/explain.ts';
import type { Evidence, Verdict } from './verdict.ts';

/** Autoscaled: the number of pods follows their connections; undefined where connections do not decide. */
export function autoscaled({ snapshot }: Evidence): Verdict | undefined {
  const { relayProxy, scaling, outcome } = snapshot;
  if (relayProxy.spec.autoscaling?.targetConnectionsPerReplica === undefined) return undefined;
  if (outcome.kind === 'paused') {
    return {
      status: 'Unknown',
      reason: 'Paused',
      message: '`spec.paused` is true: the number of pods is left as it is.',
    };
  }
  if (scaling === undefined) {
    return { status: 'Unknown', reason: 'Initializing', message: 'There is no Deployment yet.' };
  }
  const message = `${sentence(scalingReason(scaling))}.`;
  // In literals, each with its name: the README is checked against them.
  switch (scaling.reason) {
    case 'ReportsMissing':
      return { status: 'Unknown', reason: 'ReportsMissing', message };
    case 'AtMaximum':
      return { status: 'False', reason: 'AtMaximum', message };
    case 'AtMinimum':
      return { status: 'True', reason: 'AtMinimum', message };
    case 'Stabilizing':
      return { status: 'True', reason: 'Stabilizing', message };
    case 'ScalingUp':
      return { status: 'True', reason: 'ScalingUp', message };
    case 'ScalingDown':
      return { status: 'True', reason: 'ScalingDown', message };
    case 'AsWanted':
      return { status: 'True', reason: 'AsWanted', message };
  }
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
