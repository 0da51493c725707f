import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Json } from '../../../json/json.ts';
import { AttributeIndex } from './attribute-index.ts';
import { MATCH, NO_MATCH } from './match.ts';
import { anyMatcher } from './matchers.ts';
import { probesOf } from './probes.ts';

const OPERATORS = [
  'in',
  'startsWith',
  'endsWith',
  'contains',
  'lessThan',
  'lessThanOrEqual',
  'greaterThan',
  'greaterThanOrEqual',
  'before',
  'after',
  'semVerEqual',
  'semVerLessThan',
  'semVerGreaterThan',
];

const scalar: fc.Arbitrary<Json> = fc.constantFrom<Json[]>(
  ...['', 'a', 'ab', 'ba', '1.0.0', '1', '2.0.0-beta', '2020-01-01T00:00:00Z', '2021-01-01T00:00:00.5Z'],
  ...[0, -0, 1, 2.5, 1_600_000_000_000, true, false, null],
);
// Lists on both sides of the length from which on they are looked at as a whole.
const value = fc.oneof(scalar, fc.array(scalar, { maxLength: 3 }), fc.array(scalar, { minLength: 15, maxLength: 30 }));

test('answers each condition as its operator does by itself, also after others were taken out', () => {
  const condition = fc.record({
    op: fc.constantFrom(...OPERATORS),
    values: fc.array(scalar, { maxLength: 3 }),
    negate: fc.boolean(),
    removed: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(condition, { maxLength: 12 }), value, (conditions, found) => {
      const index = new AttributeIndex(0);
      const probes = conditions.map(({ op, values }) => probesOf(op, values)!);
      conditions.forEach(({ negate }, id) => {
        assert.ok(index.add(id, probes[id]!, negate));
      });
      conditions.forEach(({ negate, removed }, id) => {
        if (removed) index.remove(id, probes[id]!, negate);
      });
      const memo = new Uint8Array(conditions.length).fill(NO_MATCH);
      index.answer(found, memo);
      const expected = conditions.map(({ op, values, negate, removed }) => {
        if (removed) return NO_MATCH;
        const matches = anyMatcher(op, values);
        const holds = Array.isArray(found) ? found.some(matches) : matches(found);
        return holds === negate ? NO_MATCH : MATCH;
      });
      assert.deepEqual([...memo], expected);
    }),
    { numRuns: 1000 },
  );
});

test('a long text is looked through once for all the texts that may be in it', () => {
  const index = new AttributeIndex(0);
  const texts = Array.from({ length: 200 }, (_, at) => `text ${at}.`);
  texts.forEach((text, id) => void index.add(id, { type: 'texts', placement: 'contains', texts: [text] }, false));
  const answered = () => {
    const memo = new Uint8Array(texts.length).fill(NO_MATCH);
    index.answer(`${'text '.repeat(500)}text 7. text 190.`, memo);
    return [...memo].flatMap((match, id) => (match === MATCH ? [id] : []));
  };
  assert.deepEqual(answered(), [7, 190]);
  index.remove(7, { type: 'texts', placement: 'contains', texts: [texts[7]!] }, false);
  assert.deepEqual(answered(), [190]);
});

test('too many texts are left to the flags that ask for them', () => {
  const index = new AttributeIndex(0);
  const texts = (count: number, from: number) => Array.from({ length: count }, (_, at) => `text ${from + at}`);
  assert.ok(index.add(0, { type: 'texts', placement: 'contains', texts: texts(4096, 0) }, false));
  assert.equal(index.add(1, { type: 'texts', placement: 'contains', texts: texts(1, 4096) }, true), false);
  assert.ok(index.add(2, { type: 'texts', placement: 'contains', texts: texts(1, 7) }, false));
  const memo = new Uint8Array(3).fill(NO_MATCH);
  index.answer('text 7', memo);
  assert.deepEqual([...memo], [MATCH, NO_MATCH, MATCH]);
});
