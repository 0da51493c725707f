import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '@flagrelay/kube/testing/fake-clock';
import { createThrottle } from './throttle.ts';

const NEVER = new AbortController().signal;

test('a burst goes at once, the rest at the rate and in order, and a pause fills up to the burst', async () => {
  const clock = createFakeClock();
  const throttle = createThrottle({ perSecond: 10, burst: 3, clock });
  const gone: number[] = [];
  const come = (n: number) => void throttle.turn(NEVER).then((turn) => turn && gone.push(n));
  for (let n = 1; n <= 6; n++) come(n);
  await clock.advance(0);
  assert.deepEqual(gone, [1, 2, 3]);
  await clock.advance(100);
  assert.deepEqual(gone, [1, 2, 3, 4]);
  await clock.advance(200);
  assert.deepEqual(gone, [1, 2, 3, 4, 5, 6]);
  await clock.advance(60_000);
  for (let n = 7; n <= 10; n++) come(n);
  await clock.advance(0);
  assert.deepEqual(gone.slice(6), [7, 8, 9]);
});

test('who gives up does not wait', async () => {
  const clock = createFakeClock();
  const throttle = createThrottle({ perSecond: 1, burst: 1, clock });
  assert.equal(await throttle.turn(NEVER), true);
  const stop = new AbortController();
  const turn = throttle.turn(stop.signal);
  stop.abort();
  assert.equal(await turn, false);
  assert.equal(clock.pending, 0);
});

test('limits must be above 0', () => {
  assert.throws(() => createThrottle({ perSecond: 0, burst: 1 }), RangeError);
});
