import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contractProblems } from './check.ts';
import { referencesIn } from './references.ts';

const shown = (text: string, path = 'relay/src/a.ts') =>
  referencesIn({ path, text }).map(({ line, section, row, name }) =>
    [line, section, row === undefined ? '' : `row ${row}`, name ?? ''].join(' ').trim(),
  );

test('each way to write a reference is seen', () => {
  assert.deepEqual(
    shown('// contract 1.2, 14 row 3; 1.7, row 4 of section 14 and 6.1–6.3\nconst a = \'contract 5.3, "Retry"\';'),
    ['1 1.2', '1 14 row 3', '1 1.7', '1 14 row 4', '1 6.1', '1 6.3', '2 5.3  Retry'],
  );
  assert.deepEqual(shown('/** Contract section 14, row 49; contract 4.2 tlsCert. */'), [
    '1 14 row 49',
    '1 4.2  tlsCert',
  ]);
});

test('a reference may go over a line', () => {
  assert.deepEqual(shown('/**\n * As told (contract\n * 12.5).\n */'), ['2 12.5']);
});

test('numbers that are no references', () => {
  assert.deepEqual(
    shown('// ld-relay 8.10 takes 1.5 times as long; RFC 9110, section 10.2.3\nconst a = contract(1.5);'),
    [],
  );
  assert.deepEqual(shown("const a = (2.5); const b = '(3)';"), []);
});

test('brackets alone are references in the files of the relay, and bare numbers in the pages about the contract', () => {
  assert.deepEqual(shown("test('headers (2.1, 3)');"), ['1 2.1', '1 3']);
  assert.deepEqual(shown("test('headers (2.1)');", 'operator/src/a.ts'), []);
  assert.deepEqual(shown('## Status (3)\n## FDv2 (11.3; ld-relay 9)', 'relay/docs/differences.md'), ['1 3', '2 11.3']);
});

const contract = '# Contract\n## 1 HTTP\n### 1.1 Server\nport, `tlsCert`\n## 14 Easy\n| Row | What |\n| 3   | port |\n';
const problems = (text: string) => contractProblems(contract, [{ path: 'a.ts', text }]);

test('references that resolve', () => {
  assert.deepEqual(problems('// contract 1, 1.1, 14 row 3, contract 1.1 tlsCert, contract 1, "Port"'), []);
});

test('a section, a row and a name that are not there', () => {
  assert.deepEqual(problems('// contract 1.2, 14 row 4\n// contract 1.1, "Retry"'), [
    'a.ts:1: the contract has no section 1.2',
    'a.ts:1: section 14 of the contract has no row 4',
    'a.ts:2: section 1.1 of the contract does not speak of "Retry"',
  ]);
});
