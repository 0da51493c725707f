import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BENCH_GOALS, COMPARED_GOALS } from './goals.ts';

for (const [name, goals] of Object.entries({ BENCH_GOALS, COMPARED_GOALS })) {
  test(`${name}: one goal for one thing, and each can be judged`, () => {
    assert.equal(new Set(goals.map(({ of }) => of)).size, goals.length);
    for (const { of, value, ratio } of goals) assert.ok(value !== undefined || ratio !== undefined, of);
  });
}
