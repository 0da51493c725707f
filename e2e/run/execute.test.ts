import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { repositoryRoot } from '../machine/paths.ts';
import { execute } from './execute.ts';
import type { Suite } from './suites.ts';

/** A folder with one file of tests: one that passes, one that fails at its first run, and what else is given. */
function suiteWith(t: TestContext, more = ''): Suite {
  const folder = mkdtempSync(join(tmpdir(), 'flagrelay-execute-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'some.test.mjs');
  writeFileSync(
    file,
    `import { existsSync, writeFileSync } from 'node:fs';
     import { test } from 'node:test';
     test('passes', () => {});
     test('fails at first', () => {
       const mark = ${JSON.stringify(join(folder, 'mark'))};
       if (existsSync(mark)) return;
       writeFileSync(mark, '');
       throw new Error('the first time');
     });
     ${more}`,
  );
  return { name: 'some', kind: 'tests', run: [file], timeoutMs: 60_000 };
}

// Else the runner takes the inner run for a part of the outer one.
const { NODE_TEST_CONTEXT: _, ...env } = process.env;

test('a test that fails only at first counts as passed where its suite is one that runs again, and is told of', async (t) => {
  const { counts } = await execute({ ...suiteWith(t), again: true }, repositoryRoot, env, () => {});
  assert.deepEqual(counts, { passed: 2, failed: 0, skipped: 0, again: 1 });
});

test('a test that fails both times has failed', async (t) => {
  const suite = suiteWith(t, `test('fails', () => { throw new Error('always'); });`);
  const { counts } = await execute({ ...suite, again: true }, repositoryRoot, env, () => {});
  assert.deepEqual(counts, { passed: 2, failed: 1, skipped: 0, again: 1 });
});

test('other suites do not run again', async (t) => {
  const { counts } = await execute(suiteWith(t), repositoryRoot, env, () => {});
  assert.deepEqual({ passed: counts.passed, failed: counts.failed }, { passed: 1, failed: 1 });
});
