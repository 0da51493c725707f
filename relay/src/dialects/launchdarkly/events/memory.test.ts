import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { defaultEventBytes, EventMemory } from './memory.ts';

const MIB = 1024 * 1024;

test('by default an eighth of the memory, between 8 and 128 MiB', () => {
  assert.equal(defaultEventBytes(1, 512 * MIB), 64 * MIB);
  assert.equal(defaultEventBytes(1, 64 * MIB), 8 * MIB);
  assert.equal(defaultEventBytes(1, 1024 * 1024 * MIB), 128 * MIB);
});

test('those who wait are served once after something was given back', async () => {
  const memory = new EventMemory(300);
  assert.deepEqual([memory.queued.limit, memory.waiting.limit, memory.limit], [200, 100, 300]);
  const share = memory.queued.share();
  share.take(10);
  const served: string[] = [];
  memory.wakeWhenFreed({ serve: () => served.push('a') });
  memory.wakeWhenFreed({ serve: () => served.push('b') });
  share.give(5);
  share.give(5);
  assert.deepEqual(served, [], 'not while somebody gives');
  await nextTurn();
  assert.deepEqual(served, ['a', 'b']);
  share.take(1);
  share.give(1);
  await nextTurn();
  assert.deepEqual(served, ['a', 'b'], 'nobody waits any more');
});
