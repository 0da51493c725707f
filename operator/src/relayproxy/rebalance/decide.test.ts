import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decideRebalance, fresh, HOLD_MS, INTERVAL_MS, type RebalanceMemory } from './decide.ts';
import type { PodStreams } from './imbalance.ts';

type Step = [seconds: number, counts: number[] | undefined];

/** Looks at a fleet again and again; answers how many pods were asked each time. */
function play(steps: Step[], memory: RebalanceMemory = fresh): number[] {
  let now = 0;
  let remembered = memory;
  return steps.map(([seconds, counts]) => {
    now += seconds * 1000;
    const result = decideRebalance(remembered, counts && fleet(counts), now);
    remembered = result.memory;
    return result.decision.orders.length;
  });
}

function fleet(counts: number[]): PodStreams[] {
  return counts.map((connections, at) => ({ uid: `pod-${at}`, connections }));
}

const uneven = [100, 100, 100, 0];
const better = [85, 85, 80, 45];
const even = [70, 75, 75, 70];

test('pods are asked when streams have been uneven for a while, then at intervals, until they are even', () => {
  const hold = HOLD_MS / 1000;
  const interval = INTERVAL_MS / 1000;
  assert.deepEqual(
    play([
      [0, uneven],
      [hold - 1, uneven],
      [1, uneven],
    ]),
    [0, 0, 3],
  );
  assert.deepEqual(
    play([
      [0, uneven],
      [hold, uneven],
      [interval - 1, better],
      [1, better],
      [interval, even],
      [interval, better],
    ]),
    [0, 3, 0, 3, 0, 0],
    'better is not yet even, and no reason to begin again',
  );
});

test('a fleet that changes is left alone, and the time begins anew', () => {
  assert.deepEqual(
    play([
      [0, uneven],
      [29, undefined],
      [1, uneven],
      [29, uneven],
      [1, uneven],
    ]),
    [0, 0, 0, 0, 3],
  );
  assert.deepEqual(
    play([
      [0, uneven],
      [30, [...uneven, 0]],
      [30, [...uneven, 0]],
    ]),
    [0, 0, 3],
    'another pod has come',
  );
});

test('it says when to look again', () => {
  const first = decideRebalance(fresh, fleet(uneven), 1000);
  assert.equal(first.decision.recheckAfterMs, HOLD_MS);
  assert.equal(decideRebalance(first.memory, fleet(uneven), 1000 + HOLD_MS).decision.recheckAfterMs, INTERVAL_MS);
});

test('the pace is kept by a new leader, which knows only when pods were asked last', () => {
  assert.deepEqual(
    play(
      [
        [0, uneven],
        [45, uneven],
        [15, uneven],
      ],
      { ...fresh, orderedAt: 0 },
    ),
    [0, 0, 3],
  );
});

test('it gives up where nothing comes of it, until the pods are others', () => {
  const steps = Array.from({ length: 40 }, (): Step => [INTERVAL_MS / 1000, uneven]);
  const asked = play(steps);
  assert.equal(asked.filter((count) => count > 0).length, 10);
  const again = play([...steps, [100, [...uneven, 0]], [100, [...uneven, 0]]]);
  assert.ok(again.at(-1)! > 0);
});

test('whatever happens, orders are spaced and only in fleets that do not change', () => {
  const counts = fc.option(fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 6 }), {
    nil: undefined,
  });
  const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 200 }), counts), { maxLength: 60 });
  fc.assert(
    fc.property(steps, (given) => {
      let last = Number.NEGATIVE_INFINITY;
      let now = 0;
      play(given).forEach((orders, at) => {
        now += given[at]![0] * 1000;
        if (orders === 0) return;
        assert.notEqual(given[at]![1], undefined);
        assert.ok(now - last >= INTERVAL_MS);
        last = now;
      });
    }),
  );
});
