import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBackoff } from './backoff.ts';

test('doubles from 1 s to 30 s', () => {
  const backoff = createBackoff({ random: () => 0 });
  assert.deepEqual(
    Array.from({ length: 7 }, () => backoff.next()),
    [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000],
  );
});

test('takes off up to half at random', () => {
  assert.equal(
    createBackoff({ random: () => 0.999_999_999 })
      .next()
      .toFixed(3),
    '500.000',
  );
});

test('starts again after a minute of good link, not before', () => {
  let now = 0;
  const backoff = createBackoff({ random: () => 0, now: () => now });
  backoff.next();
  backoff.next();
  backoff.opened();
  now = 59_999;
  assert.equal(backoff.next(), 4000);
  backoff.opened();
  now += 60_000;
  assert.equal(backoff.next(), 1000);
});

test('the server may set the first delay, within the longest', () => {
  const backoff = createBackoff({ random: () => 0 });
  backoff.setBase(5000);
  assert.deepEqual([backoff.next(), backoff.next()], [5000, 10_000]);
  backoff.setBase(1e9);
  assert.equal(backoff.next(), 30_000);
});
