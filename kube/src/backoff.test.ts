import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createBackoff, delayAfter, fullDelay } from './backoff.ts';

const shape = { baseMs: 800, maxMs: 30_000 };
const exact = { ...shape, resetAfterMs: 120_000, random: () => 0 };

describe('backoff', () => {
  it('doubles its delay up to the maximum', () => {
    const backoff = createBackoff(exact);
    assert.deepEqual(
      Array.from({ length: 8 }, () => backoff.next()),
      [800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000],
    );
    assert.equal(fullDelay(10_000, shape), 30_000);
  });

  it('takes off up to half at random, or as much as is asked for, but is never so short that it loops', () => {
    const random = () => 1;
    assert.equal(delayAfter(1, { ...shape, random }), 800);
    assert.equal(delayAfter(1, { ...shape, random, jitter: 0.25 }), 1200);
    assert.equal(delayAfter(1, { ...shape, random, jitter: 1 }), 200);
  });

  it('begins anew after a good time that is long enough, counted from its beginning', () => {
    let now = 0;
    const backoff = createBackoff({ ...exact, now: () => now });
    backoff.next();
    backoff.next();
    backoff.opened();
    now = 119_999;
    backoff.opened();
    assert.equal(backoff.next(), 3200);
    backoff.opened();
    now += 120_000;
    assert.equal(backoff.next(), 800);
  });

  it('does not begin anew while nothing works, however long that takes', () => {
    let now = 0;
    const backoff = createBackoff({ ...exact, now: () => now });
    backoff.next();
    now = 1e9;
    assert.equal(backoff.next(), 1600);
  });

  it('lets the server set the first delay, within the longest', () => {
    const backoff = createBackoff(exact);
    backoff.setBase(5000);
    assert.deepEqual([backoff.next(), backoff.next()], [5000, 10_000]);
    backoff.setBase(1e9);
    assert.equal(backoff.next(), 30_000);
  });

  it('property: every delay is between its floor and the longest', () => {
    fc.assert(
      fc.property(
        fc.nat(2000),
        fc.integer({ min: 1, max: 10_000 }),
        fc.integer({ min: 1, max: 1000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (failures, baseMs, factor, jitter, drawn) => {
          const delay = delayAfter(failures, { baseMs, maxMs: baseMs * factor, jitter, random: () => drawn });
          assert.ok(delay >= baseMs / 4 && delay <= baseMs * factor, String(delay));
        },
      ),
    );
  });
});
