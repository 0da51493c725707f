import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { defaultEventBytes, EventMemory, SharedBytes } from './memory.ts';

const MIB = 1024 * 1024;

test('by default an eighth of the memory, between 8 and 128 MiB, over all processes', () => {
  assert.equal(defaultEventBytes(1, 512 * MIB), 64 * MIB);
  assert.equal(defaultEventBytes(4, 512 * MIB), 16 * MIB);
  assert.equal(defaultEventBytes(1, 64 * MIB), 8 * MIB);
  assert.equal(defaultEventBytes(1, 1024 * 1024 * MIB), 128 * MIB);
});

test('one holder alone gets half, the next one half of the rest', () => {
  const shared = new SharedBytes(90);
  const [first, second] = [shared.share(), shared.share()];
  while (first.take(1)) {
    // all that it gets
  }
  while (second.take(1)) {
    // all that it gets
  }
  assert.deepEqual([first.used, second.used, first.most], [45, 22, 45]);
  assert.equal(shared.refused, 2);
  second.give(22);
  assert.equal(first.take(1), false, 'who has a lot gets no more than before');
});

test('whoever comes last always gets something, and the limit holds', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(9), fc.integer({ min: 1, max: 400 }), fc.boolean()), { maxLength: 300 }),
      (steps) => {
        const shared = new SharedBytes(10_000);
        const shares = Array.from({ length: 10 }, () => shared.share());
        for (const [who, bytes, take] of steps) {
          const share = shares[who]!;
          if (take) share.take(bytes);
          else share.give(Math.min(bytes, share.used));
          assert.equal(
            shared.used,
            shares.reduce((sum, one) => sum + one.used, 0),
          );
          assert.ok(shared.used <= shared.limit);
        }
        // 10 greedy ones leave an eleventh.
        assert.ok(shared.share().take(400));
      },
    ),
  );
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
