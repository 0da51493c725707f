import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteBudget } from './budget.ts';

test('bytes are taken up to the limit and refused above it', () => {
  const budget = new ByteBudget(10);
  assert.equal(budget.take(6), true);
  assert.equal(budget.take(5), false);
  assert.equal(budget.take(4), true);
  assert.deepEqual([budget.used, budget.peak, budget.refused], [10, 10, 1]);
});

test('what is given back can be taken again', () => {
  const budget = new ByteBudget(10);
  budget.take(10);
  budget.give(7);
  assert.equal(budget.take(7), true);
  assert.deepEqual([budget.used, budget.peak], [10, 10]);
});
