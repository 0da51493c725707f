import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { IV_BYTES, seal, TAG_BYTES, unseal } from './sealed.ts';

const KEY = randomBytes(32);

test('what was sealed is read with the same key and associated data, and with no others', () => {
  fc.assert(
    fc.property(
      fc.uint8Array(),
      fc.option(fc.uint8Array({ minLength: 1 }), { nil: undefined }),
      (bytes, associated) => {
        const plain = Buffer.from(bytes);
        const beside = associated === undefined ? undefined : Buffer.from(associated);
        const sealed = seal(plain, KEY, beside);
        assert.deepEqual(
          [sealed.iv.length, sealed.tag.length, sealed.body.length],
          [IV_BYTES, TAG_BYTES, plain.length],
        );
        assert.deepEqual(unseal(sealed, KEY, beside), plain);
        assert.throws(() => unseal(sealed, randomBytes(32), beside));
        assert.throws(() => unseal(sealed, KEY, Buffer.from('other')));
        assert.throws(() => unseal({ ...sealed, tag: randomBytes(TAG_BYTES) }, KEY, beside));
      },
    ),
  );
});

test('the same text is never sealed to the same bytes; text is UTF-8', () => {
  const [one, other] = [seal('ü', KEY), seal('ü', KEY)];
  assert.notDeepEqual(one, other);
  assert.equal(unseal(one, KEY).toString('utf8'), 'ü');
});
