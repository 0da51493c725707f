import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFakeClock } from '@flagrelay/kube/testing/fake-clock';
import { createRateLimiter } from './rate-limiter.ts';

describe('rate limiter', () => {
  it('doubles from 5 ms for a failing key, up to 1000 s', () => {
    const clock = createFakeClock();
    const limiter = createRateLimiter({ clock });
    const delays = Array.from({ length: 20 }, () => limiter.delayFor('a'));
    assert.deepEqual(delays.slice(0, 5), [5, 10, 20, 40, 80]);
    assert.equal(delays.at(-1), 1_000_000);
    assert.equal(limiter.retries('a'), 20);
  });

  it('begins anew for a key that was forgotten, and alone for it', () => {
    const limiter = createRateLimiter({ clock: createFakeClock() });
    limiter.delayFor('a');
    limiter.delayFor('a');
    limiter.delayFor('b');
    limiter.forget('a');
    assert.equal(limiter.delayFor('a'), 5);
    assert.equal(limiter.delayFor('b'), 10);
  });

  it('lets 100 retries through at once, then ten a second over all keys', () => {
    const clock = createFakeClock();
    const limiter = createRateLimiter({ clock });
    for (let i = 0; i < 100; i += 1) assert.equal(limiter.delayFor(`key-${i}`), 5);
    assert.equal(limiter.delayFor('over'), 100);
    assert.equal(limiter.delayFor('over-2'), 200);
    clock.freeze(60_000);
    assert.equal(limiter.delayFor('later'), 5);
  });
});
