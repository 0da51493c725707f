import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Edge } from './graph.ts';
import { dialectBreaches, fileRings, folderRings, packageBreaches, unusedAllowances } from './rules.ts';

/** Imports, each written "from > to"; the line is its number. */
const edges = (...list: string[]): Edge[] =>
  list.map((text, index) => {
    const [from = '', to = ''] = text.split(' > ');
    return { from, to, line: index + 1, byPath: true };
  });
const shown = (breaches: ReturnType<typeof folderRings>) =>
  breaches.map(({ edge, why }) => `${edge.from}:${edge.line} > ${edge.to}: ${why}`);

test('a ring of folders is found at the import that closes it', () => {
  const house = edges(
    'src/a/one.ts > src/b/one.ts',
    'src/a/two.ts > src/b/two.ts',
    'src/b/one.ts > src/c/one.ts',
    'src/b/two.ts > src/c/one.ts',
    'src/c/two.ts > src/a/three.ts',
  );
  assert.deepEqual(shown(folderRings(house, ['src'])), [
    'src/c/two.ts:5 > src/a/three.ts: closes a ring of folders in src: c → a → b → c',
  ]);
  assert.deepEqual(folderRings(house, ['other']), []);
  assert.deepEqual(fileRings(house, []), []);
});

test('each floor counts by itself, and a file beside folders is a room too', () => {
  const house = edges(
    'src/a/port.ts > src/a/disk/disk.ts',
    'src/a/disk/file.ts > src/a/port.ts',
    'src/b/x.ts > src/a/port.ts',
  );
  assert.deepEqual(shown(folderRings(house, ['src'])), [
    'src/a/port.ts:1 > src/a/disk/disk.ts: closes a ring of folders in src/a: port.ts → disk → port.ts',
  ]);
});

test('a ring of files is found, but where it is allowed', () => {
  const house = edges('src/a.ts > src/b.ts', 'src/b.ts > src/c.ts', 'src/c.ts > src/a.ts', 'src/c.ts > src/a.ts');
  assert.equal(fileRings(house, []).length, 1);
  assert.deepEqual(folderRings(house, ['src']), []);
  const files = ['src/a.ts', 'src/b.ts', 'src/c.ts'];
  assert.deepEqual(fileRings(house, [{ files, reason: 'one structure' }]), []);
  assert.equal(fileRings(house, [{ files: files.slice(1), reason: 'not all of it' }]).length, 1);
});

test('an allowance for a ring that is gone is found', () => {
  const allowed = [{ files: ['src/a.ts', 'src/b.ts'], reason: 'one structure' }];
  assert.deepEqual(unusedAllowances(edges('src/a.ts > src/b.ts', 'src/b.ts > src/a.ts'), allowed), []);
  assert.deepEqual(unusedAllowances(edges('src/a.ts > src/b.ts'), allowed), allowed);
});

test('dialects are imported by the start-up alone, and know the core', () => {
  const house = edges(
    'src/cli/main.ts > src/dialects/one/index.ts',
    'src/main.ts > src/dialects/one/index.ts',
    'src/dialects/one/a.ts > src/dialects/one/b/c.ts',
    'src/dialects/one/a.ts > src/core/a.ts',
    'src/core/a.ts > src/dialects/dialect.ts',
    'src/core/a.ts > src/dialects/one/a.ts',
    'src/dialects/two/a.ts > src/dialects/one/a.ts',
  );
  assert.deepEqual(shown(dialectBreaches(house, 'src/dialects', ['src/cli/', 'src/main.ts'])), [
    'src/core/a.ts:6 > src/dialects/one/a.ts: what knows no dialect imports the dialect one',
    'src/dialects/two/a.ts:7 > src/dialects/one/a.ts: the dialect two imports the dialect one',
  ]);
});

test('packages use each other by name', () => {
  const workspaces = ['core', 'app'].map((folder) => ({ folder, name: `@house/${folder}`, exports: {} }));
  const [byPath, outside, within] = edges(
    'app/a.ts > core/a.ts',
    'tools/a.ts > core/a.ts',
    'core/a.ts > core/b.ts',
  ) as [Edge, Edge, Edge];
  const byName = { ...byPath, byPath: false };
  assert.deepEqual(shown(packageBreaches([byPath, outside, within, byName], workspaces)), [
    'app/a.ts:1 > core/a.ts: reaches into @house/core past its exports',
    'tools/a.ts:2 > core/a.ts: reaches into @house/core past its exports',
  ]);
});
