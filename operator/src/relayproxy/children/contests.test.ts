import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Contests, createContests } from './contests.ts';

const drift = { paths: ['spec.replicas'], holders: ['other'] };
const middle = () => 0.5;

/** Time that passes when it is told to. */
function clockAt(start = 0) {
  let now = start;
  return {
    now: () => now,
    tick: (ms: number) => {
      now += ms;
    },
  };
}

function start(): { clock: ReturnType<typeof clockAt>; contests: Contests; putBack: () => void } {
  const clock = clockAt();
  const contests = createContests(clock, middle);
  return { clock, contests, putBack: () => contests.putBack('child', 'uid', drift) };
}

test('two put-backs are no contest; the third within a minute is, and is told with who holds what', () => {
  const { clock, contests, putBack } = start();
  for (const _round of [1, 2]) {
    putBack();
    clock.tick(10_000);
    assert.equal(contests.over('child', false), undefined);
    assert.equal(contests.waitMs('child'), 0);
  }
  putBack();
  assert.deepEqual(contests.over('child', true), { reason: 'DriftsBack', ...drift, recheckAfterMs: 5000 });
  assert.equal(contests.waitMs('child'), 5000);
  assert.equal(contests.waitMs('another'), 0);
  assert.equal(contests.count('DriftsBack'), 1);
});

test('a slow contest is noticed as well', () => {
  const { clock, contests, putBack } = start();
  for (let round = 1; round <= 5; round += 1) {
    assert.equal(contests.count('DriftsBack'), 0, `before round ${round}`);
    clock.tick(240_000);
    putBack();
  }
  assert.equal(contests.count('DriftsBack'), 1);
});

test('each try waits twice as long, up to ten minutes: a day of it is some hundred writes', () => {
  const { clock, contests, putBack } = start();
  const waits: number[] = [];
  for (let round = 0; round < 12; round += 1) {
    putBack();
    waits.push(contests.waitMs('child') / 1000);
    clock.tick(contests.waitMs('child'));
  }
  assert.deepEqual(waits, [0, 0, 5, 10, 20, 40, 80, 160, 320, 600, 600, 600]);
});

test('the wait is spread by a quarter in both directions', () => {
  const waits = [0, 0.999].map((random) => {
    const contests = createContests(clockAt(), () => random);
    for (let round = 0; round < 3; round += 1) contests.putBack('child', 'uid', drift);
    return Math.round(contests.waitMs('child') / 10) * 10;
  });
  assert.deepEqual(waits, [3750, 6250]);
});

test('a contest is over when nothing differs for a while, and a new one begins at the beginning', () => {
  const { clock, contests, putBack } = start();
  for (let round = 0; round < 3; round += 1) putBack();
  contests.settled('child');
  assert.equal(contests.over('child', false)?.recheckAfterMs, 60_000, 'it may go on at any moment');
  clock.tick(60_000);
  contests.settled('child');
  assert.equal(contests.over('child', false), undefined);
  assert.equal(contests.waitMs('child'), 0);
});

test('an apply without effect is told at once, tried again ever more slowly, and over as soon as one has effect', () => {
  const { clock, contests } = start();
  const waits: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    contests.overridden('child', 'uid', drift);
    assert.equal(contests.over('child', true)?.reason, 'Overridden');
    waits.push(contests.waitMs('child'));
    clock.tick(contests.waitMs('child'));
  }
  assert.deepEqual(waits, [5000, 10_000, 20_000]);
  contests.settled('child');
  assert.equal(contests.over('child', false), undefined);
});

test('an override is over when an apply has effect', () => {
  const { contests, putBack } = start();
  contests.overridden('child', 'uid', drift);
  putBack();
  assert.equal(contests.over('child', false), undefined);
});

test('different fields that are changed once each are no contest, unless it does not end', () => {
  const { contests } = start();
  for (let round = 1; round <= 10; round += 1) {
    assert.equal(contests.count('DriftsBack'), 0, `before round ${round}`);
    contests.putBack('child', 'uid', { paths: [`spec.field${round}`], holders: [] });
  }
  assert.equal(contests.count('DriftsBack'), 1);
});

test('a child that is deleted again and again is a contest', () => {
  const { contests } = start();
  for (let round = 0; round < 3; round += 1) contests.putBack('child', 'uid', { paths: [], holders: [] });
  assert.deepEqual(contests.over('child', false)?.paths, []);
});

test('nothing is kept of a RelayProxy that is gone', () => {
  const { contests, putBack } = start();
  for (let round = 0; round < 3; round += 1) putBack();
  contests.forget('another');
  assert.equal(contests.count('DriftsBack'), 1);
  contests.forget('uid');
  assert.equal(contests.count('DriftsBack'), 0);
});
