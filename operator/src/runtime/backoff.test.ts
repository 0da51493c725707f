import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createBackoff } from './backoff.ts';
import { createFakeClock } from './testing/fake-clock.ts';

const shape = { baseMs: 800, maxMs: 30_000, resetAfterMs: 120_000 };

describe('backoff', () => {
  it('doubles its step up to the maximum', () => {
    const backoff = createBackoff({ ...shape, clock: createFakeClock(), random: () => 1 });
    assert.deepEqual(
      Array.from({ length: 8 }, () => backoff.next()),
      [800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000],
    );
  });

  it('spreads over the whole step, but is never so short that it loops', () => {
    const backoff = createBackoff({ ...shape, clock: createFakeClock(), random: () => 0 });
    assert.deepEqual([backoff.next(), backoff.next()], [200, 200]);
  });

  it('begins anew after two healthy minutes, counted from the end of the last delay', () => {
    const clock = createFakeClock();
    const backoff = createBackoff({ ...shape, clock, random: () => 1 });
    backoff.next();
    backoff.next();
    clock.freeze(1600 + 119_999);
    assert.equal(backoff.next(), 3200);
    clock.freeze(3200 + 120_000);
    assert.equal(backoff.next(), 800);
  });
});
