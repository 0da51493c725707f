import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { digest, hashPrefix, LONG_BYTES, sha1, sha1Long } from './sha1.ts';

test('agrees with OpenSSL for any prefix and value', () => {
  const bytes = fc.uint8Array({ maxLength: 300 });
  fc.assert(
    fc.property(bytes, bytes, (prefix, value) => {
      sha1(hashPrefix(prefix), value);
      const expected = createHash('sha1').update(prefix).update(value).digest();
      assert.deepEqual(
        [...digest],
        [0, 4, 8, 12, 16].map((at) => expected.readInt32BE(at)),
      );
    }),
    { numRuns: 500 },
  );
});

test('agrees at every length around the ends of blocks, and for a value larger than the buffer', () => {
  for (const length of [...Array.from({ length: 130 }, (_, index) => index), LONG_BYTES, LONG_BYTES + 1, 100_000]) {
    const value = new Uint8Array(length).fill(length);
    sha1(hashPrefix(new Uint8Array()), value);
    assert.equal(digest[0], createHash('sha1').update(value).digest().readInt32BE(0), `${length} bytes`);
  }
});

test('what is behind a long value is hashed with it', () => {
  const value = new Uint8Array(5000).fill(7);
  sha1Long(Buffer.from('seed.'), value, Buffer.from('.möre'));
  assert.equal(digest[0], createHash('sha1').update('seed.').update(value).update('.möre').digest().readInt32BE(0));
});
