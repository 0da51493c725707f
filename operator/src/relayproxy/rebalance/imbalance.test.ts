import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isEven, isUneven, MAX_SHARE, type PodStreams, shedOrders, spread } from './imbalance.ts';

const fleet = (...counts: number[]): PodStreams[] =>
  counts.map((connections, at) => ({ uid: `pod-${at}`, connections }));

test('uneven, even, and in between', () => {
  const cases: [counts: number[], uneven: boolean, even: boolean][] = [
    [[100, 100, 100], false, true],
    [[100, 100, 100, 0], true, false],
    [[100, 100, 60], false, false],
    [[100, 100, 80], false, true],
    [[150, 150, 0], true, false],
    [[2, 2, 0], false, true],
    [[8, 8, 0], false, false],
    [[20, 20, 20, 0], true, false],
    [[0, 0], false, true],
    [[], false, true],
    [[500], false, true],
  ];
  for (const [counts, uneven, even] of cases) {
    assert.deepEqual([isUneven(fleet(...counts)), isEven(fleet(...counts))], [uneven, even], counts.join());
  }
});

test('pods above the mean close what is above it, within bounds', () => {
  const shares = (...counts: number[]) => shedOrders(fleet(...counts)).map(({ uid, share }) => `${uid} ${share}`);
  assert.deepEqual(shares(100, 100, 100, 0), ['pod-0 0.2', 'pod-1 0.2', 'pod-2 0.2']);
  assert.deepEqual(shares(101, 100, 99), ['pod-0 0.02']);
  assert.deepEqual(shares(100, 100, 100), []);
  assert.deepEqual(shares(0, 0), []);
  assert.deepEqual(shares(), []);
});

const pods = fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 40 }).map((counts) => fleet(...counts));

test('never uneven and even at once, and an uneven fleet always has somebody to ask', () => {
  fc.assert(
    fc.property(pods, (given) => {
      assert.ok(!(isUneven(given) && isEven(given)));
      if (isUneven(given)) assert.ok(shedOrders(given).length > 0);
    }),
  );
});

test('nobody closes more than the bound, and nobody at or below the mean anything', () => {
  fc.assert(
    fc.property(pods, (given) => {
      const { mean } = spread(given);
      for (const { uid, share } of shedOrders(given)) {
        assert.ok(share > 0 && share <= MAX_SHARE);
        assert.ok(given.find((pod) => pod.uid === uid)!.connections > mean);
      }
    }),
  );
});

test('asked again and again, a fleet whose clients come back anywhere becomes even', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 30 }), fc.integer({ min: 100, max: 20_000 }), (others, each) => {
      let now = fleet(...Array<number>(others).fill(each), 0);
      let rounds = 0;
      for (; !isEven(now) && rounds < 20; rounds++) {
        const orders = new Map(shedOrders(now).map(({ uid, share }) => [uid, share]));
        const closed = now.map(({ uid, connections }) => connections * (orders.get(uid) ?? 0));
        const back = closed.reduce((sum, count) => sum + count, 0) / now.length;
        now = now.map((pod, at) => ({ ...pod, connections: pod.connections - closed[at]! + back }));
      }
      assert.ok(isEven(now) && rounds <= 10, `${rounds} rounds`);
    }),
  );
});
