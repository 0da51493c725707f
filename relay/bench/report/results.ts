import { benchSection } from './bench-section.ts';
import type { Churned } from './churned.ts';
import type { Comparison } from './compared.ts';
import { comparedSection } from './compared-section.ts';
import { churnSection, environmentsSection, profileSection, scaleSection } from './detail-sections.ts';
import { BENCH_GOALS, COMPARED_GOALS } from './goals.ts';
import type { Recorded } from './recorded.ts';
import type { Scaled } from './scaled.ts';

/** All that was recorded; what is absent was not measured. */
export interface Results {
  readonly recorded?: Recorded | undefined;
  readonly compared: readonly Comparison[];
  readonly churned?: Churned | undefined;
  readonly scaled?: Scaled | undefined;
}

/** The text of RESULTS.md. */
export function renderResults({ recorded, compared, churned, scaled }: Results): string {
  const sections = [
    `# Measured

Made by \`make bench RECORD=1\` from what it and \`make churn RECORD=1\` left in the JSON files beside this one (\`node relay/bench/main.ts --render\` makes it
again); not written by hand. What was done for these numbers, and why, is in [performance](../docs/performance.md).`,
    ...(recorded === undefined ? [] : [benchSection(recorded, BENCH_GOALS)]),
    ...(compared.length === 0 ? [] : [comparedSection(compared, COMPARED_GOALS)]),
    ...(recorded === undefined ? [] : [profileSection(recorded.profile)]),
    environmentsSection(recorded?.rows ?? [], compared),
    ...(churned === undefined ? [] : [churnSection(churned)]),
    ...(scaled === undefined ? [] : [scaleSection(scaled)]),
  ];
  return `${sections.join('\n\n')}\n`;
}
