import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorPageProblems } from './check.ts';

const code = [
  {
    path: 'relay/src/a.ts',
    text: 'export class AError extends Error {}\nclass Odd extends AError {}\nconst EXIT = { done: 0, failed: 1 } as const;\n// process.exit(7)',
  },
  {
    path: 'relay/src/b.ts',
    text: 'const EXIT_MISTAKE = 2;\nprocess.exitCode = loaded.code;\nif (failed) process.exit(1);',
  },
];
const rows = [
  '| `AError` | `relay/src/a.ts` | when | what |',
  '| `Odd` | `relay/src/a.ts` | when | what |',
  '| 0 | relay, `relay/src/a.ts` | when | what |',
  '| 1 | relay, `relay/src/a.ts` | when | what |',
  '| 2 | relay, `relay/src/b.ts` | when | what |',
  '| 1 | relay, `relay/src/b.ts` | when | what |',
];
const problems = (lines: readonly string[], files = code) =>
  errorPageProblems({ path: 'docs/errors.md', text: `# Errors\n| 0 | relay | when |\n${lines.join('\n')}\n` }, files);

test('a page that has everything', () => {
  assert.deepEqual(problems(rows), []);
});

test('each row that is missing is told', () => {
  const missing = [
    'AError of relay/src/a.ts',
    'Odd of relay/src/a.ts',
    'exit code 0 of relay/src/a.ts',
    'exit code 1 of relay/src/a.ts',
  ];
  missing.forEach((what, index) => {
    assert.deepEqual(problems(rows.toSpliced(index, 1)), [`docs/errors.md: no row for ${what}`]);
  });
});

test('a class that moved, and a code that is gone', () => {
  assert.deepEqual(
    problems([
      ...rows,
      '| `AError` | `relay/src/c.ts` | when | what |',
      '| 3 | relay, `relay/src/b.ts` | when | what |',
    ]),
    [
      'docs/errors.md: AError is not in relay/src/c.ts (any more)',
      'docs/errors.md: exit code 3 is not in relay/src/b.ts (any more)',
    ],
  );
});
