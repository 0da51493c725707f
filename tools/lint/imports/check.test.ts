import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importProblems } from './check.ts';

const reaching = [
  { path: 'charts/tools/a.ts', text: "import '../../crds/src/a.ts';" },
  { path: 'charts/tools/b.ts', text: "import '../../crds/src/a.ts';" },
  { path: 'crds/src/a.ts', text: '' },
];
const workspaces = [{ folder: 'crds', name: '@house/crds', exports: {} }];
const problems = (debts?: Parameters<typeof importProblems>[2]) =>
  importProblems(reaching, workspaces, debts).filter((problem) => !problem.includes('allowed ring'));

test('all breaches of a rule are told, with file, line and target', () => {
  assert.deepEqual(problems(), [
    'charts/tools/a.ts:1 → crds/src/a.ts: reaches into @house/crds past its exports',
    'charts/tools/b.ts:1 → crds/src/a.ts: reaches into @house/crds past its exports',
  ]);
});

test('a debt lets through what it says, no more, and must shrink with what it is for', () => {
  assert.deepEqual(problems({ package: 2 }), []);
  assert.equal(problems({ package: 1 }).length, 2);
  assert.deepEqual(problems({ package: 3 }), ['tools/lint/debts.json: "package" is 3, but there are only 2: lower it']);
});
