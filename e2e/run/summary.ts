import type { TestCounts } from './count-reporter.ts';

/** What a suite came to. */
export interface SuiteResult {
  readonly name: string;
  readonly counts: TestCounts;
  readonly ms: number;
}

/** Reads the last line `N passed, N failed` (with `, N skipped`) of a suite's output; undefined when there is none. */
export function parseCounts(output: string): TestCounts | undefined {
  const last = [...output.matchAll(/^(?:\w+: )?(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\s*$/gm)].at(-1);
  if (last === undefined) return undefined;
  return { passed: Number(last[1]), failed: Number(last[2]), skipped: Number(last[3] ?? 0) };
}

/**
 * What a suite came to whose files with failures were run a second time: of the failures those count that are there again. A second
 * run that told of fewer tests than had failed (it died) changes nothing.
 */
export function countAgain(first: TestCounts, second: TestCounts): TestCounts {
  if (second.passed + second.failed < first.failed) return first;
  const failed = Math.min(first.failed, second.failed);
  const again = first.failed - failed;
  const { failedFiles: _, ...counts } = first;
  return { ...counts, passed: first.passed + again, failed, again };
}

/** The table of all suites, and as its last line the sum in the form that CI reads: `N passed, N failed`. */
export function summarise(results: readonly SuiteResult[]): { readonly text: string; readonly failed: number } {
  const lines = results.map((r) => {
    const coverage = r.counts.lineCoverage === undefined ? '' : `  ${r.counts.lineCoverage.toFixed(1)} % of lines`;
    const numbers = [r.counts.passed, r.counts.failed, r.counts.skipped].map((n) => String(n).padStart(7)).join('');
    const again = r.counts.again ? `  ${r.counts.again} passed only when run again` : '';
    return `${r.name.padEnd(14)}${numbers}${`${(r.ms / 1000).toFixed(0)} s`.padStart(8)}${coverage}${again}`;
  });
  const sum = (pick: (c: TestCounts) => number) => results.reduce((total, r) => total + pick(r.counts), 0);
  const [passed, failed, skipped] = [sum((c) => c.passed), sum((c) => c.failed), sum((c) => c.skipped)];
  const closing = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
  return { text: ['', 'suite          passed failed skipped  time', ...lines, '', closing].join('\n'), failed };
}
