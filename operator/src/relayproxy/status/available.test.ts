import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readyFloor } from './available.ts';

test('the floor of ready pods follows the disruption budget and is never zero', () => {
  const cases: [
    budget: { maxUnavailable?: number | string; minAvailable?: number | string },
    desired: number,
    floor: number,
  ][] = [
    [{}, 3, 2],
    [{}, 1, 1],
    [{ maxUnavailable: 2 }, 3, 1],
    [{ maxUnavailable: 5 }, 3, 1],
    [{ maxUnavailable: '25%' }, 10, 7],
    [{ minAvailable: 3 }, 5, 3],
    [{ minAvailable: '50%' }, 5, 3],
    [{ minAvailable: 9 }, 5, 5],
    [{ minAvailable: 0 }, 5, 1],
  ];
  for (const [budget, desired, floor] of cases) {
    assert.equal(readyFloor({ enabled: true, ...budget }, desired), floor, JSON.stringify(budget));
  }
});
