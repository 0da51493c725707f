import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { bucketBytes, bucketOf, bucketOfDigest, bucketPrefix, integerText, weightOf } from './bucket.ts';
import { digest } from './sha1.ts';

/** The vectors are printed with 8 digits of a 32-bit float. */
function assertBucket(seed: number | undefined, value: string | number, expected: number): void {
  const bucket = bucketOf(bucketPrefix(seed, 'hashKey', 'saltyA'), bucketBytes(value)!);
  assert.equal(bucket, Math.fround(expected));
}

suite('test vectors (contract 13)', () => {
  test('bucket of a key', () => {
    assertBucket(undefined, 'userKeyA', 0.42157587);
    assertBucket(undefined, 'userKeyB', 0.6708485);
    assertBucket(undefined, 'userKeyC', 0.10343106);
  });

  test('bucket of an integer', () => {
    assertBucket(undefined, 33333, 0.54771423);
    assertBucket(undefined, '33333', 0.54771423);
  });

  test('bucket with a seed', () => {
    assertBucket(61, 'userKeyA', 0.09801207);
    assertBucket(61, 'userKeyB', 0.14483777);
    assertBucket(61, 'userKeyC', 0.9242641);
  });

  test('bucket with a secondary key', () => {
    assertBucket(undefined, 'userKeyA.sec', 0.67948961);
  });
});

/** 60 bits rounded to the nearest 32-bit float, ties to even, in integer arithmetic. */
function exactFloat(bits: bigint): number {
  const excess = BigInt(Math.max(0, bits.toString(2).length - 24));
  const rest = bits & ((1n << excess) - 1n);
  const half = excess === 0n ? 0n : 1n << (excess - 1n);
  let top = bits >> excess;
  if (rest > half || (rest === half && excess > 0n && (top & 1n) === 1n)) top++;
  return Number(top << excess);
}

test('60 bits are rounded to a float once, not twice', () => {
  fc.assert(
    fc.property(fc.string(), (value) => {
      const hash = createHash('sha1').update(`key.salt.${value}`).digest('hex');
      const expected = exactFloat(BigInt(`0x${hash.slice(0, 15)}`)) / 2 ** 60;
      assert.equal(bucketOf(bucketPrefix(undefined, 'key', 'salt'), bucketBytes(value)!), expected);
    }),
    { numRuns: 3000 },
  );
});

test('a hash just above the middle of two floats is rounded up, however little above it is', () => {
  const words = digest as Int32Array;
  words[0] = 0x80000080;
  words[1] = 0x10;
  assert.equal(bucketOfDigest(), 0x800001 / 2 ** 24);
  words[1] = 0;
  assert.equal(bucketOfDigest(), 0x800000 / 2 ** 24, 'the middle itself goes to the even one');
});

test('weights are 32-bit floats', () => {
  assert.equal(weightOf(100_000), 1);
  assert.equal(weightOf(33_333), Math.fround(0.33333));
  assert.equal(weightOf(-5), Math.fround(-0.00005));
});

test('only strings and 64-bit integers can be hashed', () => {
  const text = (value: unknown) => Buffer.from(bucketBytes(value) ?? 'none').toString();
  assert.equal(text(-0), '0');
  assert.equal(text(2 ** 60), '1152921504606846976');
  assert.equal(text(-(2 ** 63)), '-9223372036854775808');
  for (const value of [2 ** 63, 1.5, true, null, undefined, {}, []]) assert.equal(text(value), 'none');
});

test('integers are written out in full', () => {
  assert.equal(integerText(1e20), '100000000000000000000');
  assert.equal(integerText(-42), '-42');
});
