import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sample, stagger } from './stagger.ts';

test('a sample has as many as were asked for, each once', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer(), { maxLength: 50 }),
      fc.integer({ min: 0, max: 60 }),
      fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
      (items, count, numbers) => {
        const chosen = sample(items, count, () => numbers.next().value);
        assert.equal(chosen.length, Math.min(count, items.length));
        assert.equal(new Set(chosen).size, chosen.length);
        assert.ok(chosen.every((item) => items.includes(item)));
      },
    ),
  );
});

test('everything is done, in order', async () => {
  const done: number[] = [];
  await stagger([1, 2, 3, 4, 5], 120, (item) => done.push(item));
  assert.deepEqual(done, [1, 2, 3, 4, 5]);
  await stagger([], 1000, () => assert.fail());
});

test('what is left is not done when it is given up', async () => {
  const stop = new AbortController();
  const done: number[] = [];
  await stagger(
    [1, 2],
    3_600_000,
    (item) => {
      done.push(item);
      setImmediate(() => stop.abort());
    },
    stop.signal,
  );
  assert.deepEqual(done, [1]);
});
