import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownBytes } from './own-bytes.ts';

test('a part of a larger buffer is copied, a buffer of its own is not', () => {
  const slab = Buffer.alloc(1_000, 'a');
  const own = ownBytes(slab.subarray(3, 6));
  assert.deepEqual([own.toString(), own.buffer.byteLength], ['aaa', 3]);
  assert.equal(ownBytes(own), own);
});
