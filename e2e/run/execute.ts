import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestCounts } from './count-reporter.ts';
import type { Suite } from './suites.ts';
import { countAgain, parseCounts, type SuiteResult } from './summary.ts';

/** Where the output of a suite goes. */
type Show = (text: string | Buffer) => void;
const toStdout: Show = (text) => void process.stdout.write(text);

/** Runs one suite in a process group of its own, output passed through; never throws for what a suite does. */
export async function execute(
  suite: Suite,
  root: string,
  env: NodeJS.ProcessEnv,
  show: Show = toStdout,
): Promise<SuiteResult> {
  const started = performance.now();
  const counts =
    suite.kind === 'tests' ? await runTests(suite, root, env, show) : await runCommand(suite, root, env, show);
  return { name: suite.name, counts, ms: performance.now() - started };
}

/** Files that are run again at most: more that fail are no accident of timing. */
const AGAIN_FILES = 4;

async function runTests(suite: Suite, root: string, env: NodeJS.ProcessEnv, show: Show): Promise<TestCounts> {
  const first = await runTestFiles(suite, root, env, suite.run, show);
  const files = first.failedFiles ?? [];
  if (suite.again !== true || files.length === 0 || files.length > AGAIN_FILES) return first;
  show(`\n=== ${suite.name}: run again, as a test in them failed: ${files.join(', ')}\n`);
  const { coverage: _, ...uncovered } = suite;
  return countAgain(first, await runTestFiles({ ...uncovered, concurrency: 1 }, root, env, files, show));
}

async function runTestFiles(
  suite: Suite,
  root: string,
  env: NodeJS.ProcessEnv,
  files: readonly string[],
  show: Show,
): Promise<TestCounts> {
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
      ...files,
    ];
    const { code } = await spawned(argv, root, env, suite.timeoutMs, show);
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

async function runCommand(suite: Suite, root: string, env: NodeJS.ProcessEnv, show: Show): Promise<TestCounts> {
  if (suite.name === 'conformance') writeCandidate(root);
  let tail = '';
  const { code } = await spawned(suite.run, root, env, suite.timeoutMs, (text) => {
    show(text);
    tail = (tail + text.toString('utf8')).slice(-4096);
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
  show: (text: Buffer) => void,
): Promise<{ code: number }> {
  const [command, ...args] = argv;
  if (command === undefined) throw new Error('a suite needs a command');
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'inherit'], detached: true });
    const timer = setTimeout(() => {
      console.error(`${command}: no end after ${timeoutMs / 1000} s, stopped`);
      endGroup(child);
    }, timeoutMs);
    child.stdout.on('data', show);
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
