import type { TestEvent } from 'node:test/reporters';

/** What one run of node's test runner comes to; written as one JSON line by the reporter below. */
export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Covered lines in per cent of the files under test; only when coverage was on. */
  readonly lineCoverage?: number;
  /** Test files with a failed test, each once. */
  readonly failedFiles?: readonly string[];
  /** Tests that failed at first and passed when their file was run again: counted as passed, and named by the runner's output. */
  readonly again?: number;
}

/**
 * A reporter for `node --test` that writes nothing but the totals, for a machine to add up. The totals count files' tests, not suites;
 * a cancelled test has failed.
 */
export async function* countReporter(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  let counts: TestCounts = { passed: 0, failed: 0, skipped: 0 };
  let lineCoverage: number | undefined;
  const failedFiles = new Set<string>();
  for await (const event of source) {
    if (event.type === 'test:summary' && event.data.file === undefined) {
      const c = event.data.counts;
      counts = { passed: c.passed, failed: c.tests - c.passed - c.skipped - c.todo, skipped: c.skipped };
    } else if (event.type === 'test:fail' && event.data.file !== undefined && event.data.todo === undefined) {
      failedFiles.add(event.data.file);
    } else if (event.type === 'test:coverage') {
      lineCoverage = event.data.summary.totals.coveredLinePercent;
    }
  }
  const found = { ...counts, ...(failedFiles.size > 0 && { failedFiles: [...failedFiles] }) };
  yield `${JSON.stringify(lineCoverage === undefined ? found : { ...found, lineCoverage })}\n`;
}

// node's test runner takes a reporter from a module's default export only.
export { countReporter as default };
