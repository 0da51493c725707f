import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SharedBytes } from './shared-bytes.ts';

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
