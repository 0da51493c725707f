import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestCounts } from './count-reporter.ts';
import type { Suite } from './suites.ts';
import { parseCounts, type SuiteResult } from './summary.ts';

/** Runs one suite in a process group of its own, output passed through; never throws for what a suite does. */
export async function execute(suite: Suite, root: string, env: NodeJS.ProcessEnv): Promise<SuiteResult> {
  const started = performance.now();
  const counts = suite.kind === 'tests' ? await runTests(suite, root, env) : await runCommand(suite, root, env);
  return { name: suite.name, counts, ms: performance.now() - started };
}

async function runTests(suite: Suite, root: string, env: NodeJS.ProcessEnv): Promise<TestCounts> {
  const folder = mkdtempSync(join(tmpdir(), 'flagrelay-suite-'));
  const file = join(folder, 'counts.json');
  try {
    const argv = [
      process.execPath,
      '--test',
      '--test-reporter=spec',
      '--test-reporter-destination=stdout',
      `--test-reporter=${join(root, 'e2e/run/count-reporter.ts')}`,
      `--test-reporter-destination=${file}`,
      ...(suite.concurrency === undefined ? [] : [`--test-concurrency=${suite.concurrency}`]),
      ...(suite.coverage === undefined
        ? []
        : [
            '--experimental-test-coverage',
            `--test-coverage-include=${suite.coverage}`,
            '--test-coverage-exclude=**/*.test.ts',
          ]),
      ...suite.run,
    ];
    const { code } = await spawned(argv, root, env, suite.timeoutMs, () => {});
    return withExitCode(readCounts(file), code);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A runner that died before its summary, or that failed without a failed test, is a failure all the same. */
function withExitCode(counts: TestCounts | undefined, code: number): TestCounts {
  if (counts === undefined) return { passed: 0, failed: 1, skipped: 0 };
  if (counts.passed + counts.failed === 0 || (code !== 0 && counts.failed === 0))
    return { ...counts, failed: counts.failed + 1 };
  return counts;
}

function readCounts(file: string): TestCounts | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as TestCounts;
  } catch (error) {
    console.error(`no totals came from the test runner: ${(error as Error).message}`);
    return undefined;
  }
}

async function runCommand(suite: Suite, root: string, env: NodeJS.ProcessEnv): Promise<TestCounts> {
  if (suite.name === 'conformance') writeCandidate(root);
  let tail = '';
  const { code } = await spawned(suite.run, root, env, suite.timeoutMs, (text) => {
    tail = (tail + text).slice(-4096);
  });
  if (suite.kind === 'check') return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 };
  return withExitCode(parseCounts(tail), code);
}

/** Tells the conformance suite how our relay is started. */
function writeCandidate(root: string): void {
  const folder = join(root, '.cache/conformance');
  mkdirSync(folder, { recursive: true });
  const candidate = {
    name: 'flagrelay',
    argv: [process.execPath, join(root, 'relay/src/main.ts'), '--from-env'],
    env: {},
  };
  writeFileSync(join(folder, 'candidate.json'), JSON.stringify(candidate));
}

function spawned(
  argv: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
  timeoutMs: number,
  onText: (text: string) => void,
): Promise<{ code: number }> {
  const [command, ...args] = argv;
  if (command === undefined) throw new Error('a suite needs a command');
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'inherit'], detached: true });
    const timer = setTimeout(() => {
      console.error(`${command}: no end after ${timeoutMs / 1000} s, stopped`);
      endGroup(child);
    }, timeoutMs);
    child.stdout.on('data', (chunk: Buffer) => {
      process.stdout.write(chunk);
      onText(chunk.toString('utf8'));
    });
    child.on('error', (error) => {
      clearTimeout(timer);
      console.error(`${command}: ${error.message}`);
      resolve({ code: 127 });
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code: code ?? 1 });
    });
  });
}

function endGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
