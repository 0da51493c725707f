import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSubset } from './subset.ts';

const cases: [desired: unknown, actual: unknown, expected: boolean][] = [
  [{ a: 1 }, { a: 1, b: 2 }, true],
  [{ a: { b: [1, { c: 2 }] } }, { a: { b: [1, { c: 2, d: 3 }] }, e: 4 }, true],
  [{ a: 1 }, { a: 2 }, false],
  [{ a: 1 }, {}, false],
  [{ a: undefined }, {}, true],
  [[1], [1, 2], false],
  [[1, 2], [2, 1], false],
  [{ cpu: '0.5' }, { cpu: '500m' }, false],
  [{ emptyDir: {} }, { emptyDir: {} }, true],
  [{ podSelector: {} }, {}, true],
  [{ podSelector: {} }, { podSelector: null }, false],
  [null, undefined, false],
  [{ constructor: 1 }, {}, false],
];

test('everything that is wanted must be there, more may be', () => {
  for (const [desired, actual, expected] of cases) {
    assert.equal(isSubset(desired, actual), expected, JSON.stringify([desired, actual]));
  }
});
