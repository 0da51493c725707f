import type { ScalingDecision } from './decide.ts';

/** Why there should be so many pods, as the part of a sentence. Numbers of streams are rounded: each new text is a write. */
export function scalingReason({ reason, connections, current, replicas, wanted, silent }: ScalingDecision): string {
  const load = `${rounded(connections)} open streams on ${current} pods${silent > 0 ? ` (${silent} of which do not report)` : ''}`;
  switch (reason) {
    case 'ReportsMissing':
      return `no ready pod has reported its streams, so that ${replicas} pods are kept`;
    case 'AsWanted':
      return `${load} are as wanted`;
    case 'ScalingUp':
    case 'ScalingDown':
      return `${load} ask for ${wanted}`;
    case 'Stabilizing':
      return `${load} ask for ${wanted}, and ${replicas} are kept until the load has been low for long enough`;
    case 'AtMinimum':
      return `${load} ask for ${wanted}, and ${replicas} is the minimum`;
    case 'AtMaximum':
      return `${load} ask for ${wanted}, and the maximum does not allow it`;
  }
}

/** 12345 → 12,000 */
function rounded(count: number): string {
  return Number(count.toPrecision(2)).toLocaleString('en');
}
