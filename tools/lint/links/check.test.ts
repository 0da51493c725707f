import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linkProblems } from './check.ts';

const other = { path: 'docs/other.md', text: '# Other page\n## It, and `more`\n## It, and more\n' };
const there = new Set(['docs/a.md', 'docs/other.md', 'relay/src', 'relay/src/main.ts', 'LICENSE']);
const problems = (text: string) => linkProblems([{ path: 'docs/a.md', text }, other], (path) => there.has(path));

test('links and paths that lead somewhere', () => {
  assert.deepEqual(
    problems(
      '# A\n[a](other.md) [b](other.md#it-and-more-1) [c](../LICENSE) [d](#a) [e](https://example.com/x) [f](../relay/src/)\n' +
        '`relay/src/main.ts`, `relay/src/`, `relay/src/main.ts:3`, `relay/src/*`, `other/path.ts`',
    ),
    [],
  );
});

test('links, headings and paths that do not', () => {
  assert.deepEqual(problems('# A\n[a](gone.md)\n[b](other.md#gone) [c](#gone)\n`relay/src/gone.ts`'), [
    'docs/a.md:2: the link to gone.md leads nowhere',
    'docs/a.md:3: docs/other.md has no heading #gone',
    'docs/a.md:3: docs/a.md has no heading #gone',
    'docs/a.md:4: there is no relay/src/gone.ts',
  ]);
});

test('blocks of code are output, not links', () => {
  assert.deepEqual(problems('```\n[a](gone.md)\n`relay/src/gone.ts`\n```\n'), []);
});
