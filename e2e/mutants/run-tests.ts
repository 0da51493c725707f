import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** How a run of tests ended. */
export interface TestRun {
  readonly outcome: 'passed' | 'failed' | 'hung';
  /** The first test that failed. */
  readonly first: string | undefined;
}

/** Of each test as TAP tells it; those that are skipped or to do are no failures. */
const FAILURE = /^\s*not ok \d+ - (?!.*# (?:SKIP|TODO))(.*)$/;

/** Runs test files of a copy until the first of them fails, or for so many ms at most. The process and its children are gone then. */
export async function runTests(root: string, tests: readonly string[], limitMs: number): Promise<TestRun> {
  const child = spawn(process.execPath, ['--test', '--test-reporter=tap', ...tests], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'ignore'],
    // A group of its own, so that whatever tests have started ends with them.
    detached: true,
  });
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  let first: string | undefined;
  let hung = false;
  const end = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  };
  const timer = setTimeout(() => {
    hung = true;
    end();
  }, limitMs);
  for await (const line of createInterface({ input: child.stdout })) {
    const failure = FAILURE.exec(line);
    if (failure === null) continue;
    first ??= failure[1];
    end();
  }
  const code = await closed;
  clearTimeout(timer);
  if (hung) return { outcome: 'hung', first };
  return { outcome: first === undefined && code === 0 ? 'passed' : 'failed', first };
}
