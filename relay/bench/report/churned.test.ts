import assert from 'node:assert/strict';
import { test } from 'node:test';
import { growthOf, leaks, type Sample } from './churned.ts';

const sample = (minute: number, rss: number): Sample => ({
  minute,
  cycles: minute,
  rss,
  heap: 10,
  fds: 7,
  handles: 5,
  streams: 0,
  environments: 3,
});

test('growth is told of the second half: what a start takes is no leak', () => {
  const samples = Array.from({ length: 12 }, (_, index) => sample(index, index < 6 ? index * 100 : 600));
  assert.deepEqual(growthOf(samples), { rss: 0, heap: 0, handles: 0, fds: 0 });
  assert.deepEqual(leaks(growthOf(samples)), []);
});

test('what goes on growing is named', () => {
  const growth = growthOf(Array.from({ length: 12 }, (_, index) => sample(index, 100 + index * 10)));
  assert.equal(growth.rss, 0.2353);
  assert.deepEqual(leaks(growth), ['rss']);
});

test('too few samples say nothing', () => {
  assert.equal(growthOf([sample(1, 1), sample(2, 100)]).rss, 0);
});
