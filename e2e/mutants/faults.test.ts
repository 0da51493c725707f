import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { type Fault, StaleFaultError, seed } from './fault.ts';
import { GROUPS } from './groups.ts';

const root = join(import.meta.dirname, '../..');

describe('seeded faults', () => {
  for (const { name, faults } of GROUPS) {
    test(`${name}: each goes into exactly one place, and its tests are there`, () => {
      const stale = faults.flatMap((fault) => {
        try {
          seed(readFileSync(join(root, fault.file), 'utf8'), fault);
        } catch (error) {
          return [(error as Error).message];
        }
        return fault.tests.filter((file) => !existsSync(join(root, file)));
      });
      assert.deepEqual(stale, []);
    });

    test(`${name}: twenty, all different`, () => {
      assert.equal(new Set(faults.map(({ file, before, after }) => `${file}\n${before}\n${after}`)).size, 20);
      assert.equal(new Set(faults.map(({ what }) => what)).size, 20);
    });
  }

  test('what is not there, or twice, or the same is stale', () => {
    const fault: Fault = { what: 'w', file: 'f', before: 'a', after: 'b', tests: [] };
    assert.equal(seed('xay', fault), 'xby');
    for (const text of ['xy', 'aa']) assert.throws(() => seed(text, fault), StaleFaultError);
    assert.throws(() => seed('a', { ...fault, after: 'a' }), StaleFaultError);
  });
});
