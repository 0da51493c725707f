import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkJsonBounds, JsonBoundsError, MAX_JSON_DEPTH } from './json-bounds.ts';

const check = (text: string, maxValues = 100_000, maxMembers = maxValues) =>
  checkJsonBounds(text, { maxValues, maxMembers });

test('depth is bounded', () => {
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
  assert.doesNotThrow(() => check(`${nested(MAX_JSON_DEPTH)}${' '.repeat(70_000)}`));
  assert.throws(() => check(nested(70_000)), new JsonBoundsError('exceeded max depth of 10000'));
  assert.throws(() => check('{"a":'.repeat(70_000)), JsonBoundsError);
});

test('the number of values is bounded, however they are written', () => {
  for (const piece of ['[],', '1,', '"a":{},', '"",']) {
    assert.throws(() => check(`[${piece.repeat(40_000)}1]`, 10_000), new JsonBoundsError('more than 10000 values'));
  }
});

test('the number of members is bounded apart', () => {
  const text = `{${'"name": [1,2,3],'.repeat(10_000)}"last":1}`;
  assert.throws(() => check(text, 100_000, 9_000), new JsonBoundsError('more than 9000 members of objects'));
  assert.doesNotThrow(() => check(text, 100_000, 10_001));
});

test('what is in strings does not count', () => {
  const text = JSON.stringify({ a: '[{,"\\'.repeat(20_000), b: '\\'.repeat(9), c: ',' });
  assert.doesNotThrow(() => check(text, 10));
});

test('a string that does not end, and one of backslashes alone, are looked at once', () => {
  assert.doesNotThrow(() => check(`["${'\\'.repeat(1_000_000)}`, 10));
  assert.doesNotThrow(() => check(`["${'\\"'.repeat(500_000)}`, 10));
});

test('no JSON value has more values than were counted', () => {
  const count = (value: unknown): number =>
    typeof value === 'object' && value !== null
      ? Object.values(value).reduce<number>((sum, one) => sum + count(one), 1)
      : 1;
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
      // Long enough to be looked at.
      const text = JSON.stringify(value) + ' '.repeat(70_000);
      assert.throws(() => check(text, count(value) - 1), JsonBoundsError);
      assert.doesNotThrow(() => check(text, 2 * count(value)));
    }),
  );
});
