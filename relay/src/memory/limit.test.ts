import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryLimitBytes } from './limit.ts';

const GIB = 1024 ** 3;

test('the container limit is the limit', () => {
  assert.equal(memoryLimitBytes({ constrained: GIB / 2, total: 8 * GIB, heapLimit: 4 * GIB }), GIB / 2);
});

test('without a container it is the memory of the machine', () => {
  for (const constrained of [undefined, 0, 2 ** 63]) {
    assert.equal(memoryLimitBytes({ constrained, total: 2 * GIB, heapLimit: 4 * GIB }), 2 * GIB);
  }
});

test('a smaller heap makes a smaller limit', () => {
  assert.equal(memoryLimitBytes({ constrained: undefined, total: 64 * GIB, heapLimit: 3 * GIB }), 4 * GIB);
});

test('several processes share the container, but each has a heap of its own', () => {
  assert.equal(memoryLimitBytes({ constrained: GIB, total: 8 * GIB, heapLimit: 4 * GIB }, 4), GIB / 4);
  assert.equal(memoryLimitBytes({ constrained: GIB, total: 8 * GIB, heapLimit: (GIB * 3) / 32 }, 4), GIB / 8);
});
