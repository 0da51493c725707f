import assert from 'node:assert/strict';
import { test } from 'node:test';
import { growthOfSecondHalf } from './growth.ts';

const points = (values: readonly number[]) => values.map((value, minute) => ({ minute, value }));

test('the first half may do what it likes', () => {
  assert.equal(growthOfSecondHalf(points([1, 50, 80, 90, 100, 100, 100, 100])), 0);
});

test('growth is that of the line through the second half, against its mean', () => {
  assert.ok(Math.abs(growthOfSecondHalf(points([0, 0, 0, 90, 100, 110])) - 0.2) < 1e-9);
  assert.ok(Math.abs(growthOfSecondHalf(points([0, 0, 0, 110, 100, 90])) + 0.2) < 1e-9);
});

test('noise around a level is hardly growth', () => {
  const noisy = points(Array.from({ length: 60 }, (_, index) => 100 + (index % 2 === 0 ? 5 : -5)));
  assert.ok(Math.abs(growthOfSecondHalf(noisy)) < 0.02);
});

test('too few points say nothing', () => {
  assert.equal(growthOfSecondHalf(points([1, 2, 3, 4])), 0);
});
