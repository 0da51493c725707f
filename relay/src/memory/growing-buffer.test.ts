import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ByteBudget } from './budget.ts';
import { GrowingBuffer } from './growing-buffer.ts';

test('whatever the parts, the bytes are those of the parts, and all of them are given back', () => {
  const parts = fc.array(fc.uint8Array({ maxLength: 100_000 }).map((bytes) => Buffer.from(bytes)));
  fc.assert(
    fc.property(parts, (given) => {
      const budget = new ByteBudget(Number.POSITIVE_INFINITY);
      const buffer = new GrowingBuffer(1_000_000, budget);
      for (const part of given) assert.equal(buffer.append(part), true);
      assert.deepEqual(buffer.bytes(), Buffer.concat(given));
      assert.ok(budget.used >= buffer.length);
      buffer.release();
      assert.equal(budget.used, 0);
    }),
    { numRuns: 50 },
  );
});

test('a million parts of one byte take two million bytes at most', () => {
  const budget = new ByteBudget(2_000_000);
  const buffer = new GrowingBuffer(1_000_000, budget);
  const byte = Buffer.from('x');
  for (let count = 0; count < 1_000_000; count++) assert.equal(buffer.append(byte), true);
  assert.ok(budget.peak <= 2_000_000);
});

test('a single part is not copied', () => {
  const part = Buffer.from('all of it');
  const buffer = new GrowingBuffer(100, new ByteBudget(100));
  buffer.append(part);
  assert.equal(buffer.bytes().buffer, part.buffer);
});

test('what the budget has no room for is not added', () => {
  const budget = new ByteBudget(100_000);
  const buffer = new GrowingBuffer(1_000_000, budget);
  assert.equal(buffer.append(Buffer.alloc(60_000)), true);
  assert.equal(buffer.append(Buffer.alloc(60_000)), false);
  assert.deepEqual([buffer.length, budget.used], [60_000, 60_000]);
});
