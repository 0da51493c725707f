import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ratios, spread } from './table.ts';

test('minimum, median and maximum, of odd and even numbers of values', () => {
  assert.deepEqual(spread([3, 1, 2]), { min: 1, median: 2, max: 3 });
  assert.deepEqual(spread([4, 1, 3, 2]), { min: 1, median: 2.5, max: 4 });
  assert.deepEqual(spread([7]), { min: 7, median: 7, max: 7 });
  assert.throws(() => spread([]), RangeError);
});

test('ratios are of the same round', () => {
  assert.deepEqual(ratios({ relay: [1, 4], baseline: [2, 2] }), [0.5, 2]);
  assert.deepEqual(ratios({ relay: [1, 4], baseline: [] }), []);
});
