import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hasReference, interpolate } from './interpolate.ts';

const KNOWN: Readonly<Record<string, string>> = { A: 'a', EMPTY: '', B_2: 'b' };
const lookup = (name: string): string | undefined => (Object.hasOwn(KNOWN, name) ? KNOWN[name] : undefined);

test('references are replaced as docker compose replaces them', () => {
  for (const [text, expected] of [
    ['plain', 'plain'],
    ['$A/${B_2}', 'a/b'],
    ['$$A $${A}', '$A ${A}'],
    ['${NONE:-d} ${NONE-d} ${A:-d}', 'd d a'],
    ['[${EMPTY:-d}] [${EMPTY-d}] [${EMPTY}]', '[d] [] []'],
    ['${NONE:-${B_2}-${NO:-x}}', 'b-x'],
    ['${A:+set} [${NONE:+set}] [${EMPTY:+set}] ${EMPTY+set}', 'set [] [] set'],
    ['${A:?must be set}', 'a'],
    ['${NONE:-a:b-c}', 'a:b-c'],
    ['cost 5$ and $5 and ${', 'cost 5$ and $5 and ${'],
  ] as const) {
    assert.deepEqual(interpolate(text, lookup), { text: expected }, text);
  }
});

test('a variable without a value and without a default is named', () => {
  for (const text of ['${NONE}', '$NONE', 'x${NONE:?say}', '${EMPTY:?say}', '${OTHER:-${NONE}}']) {
    const result = interpolate(text, lookup);
    assert.ok('missing' in result && ['NONE', 'EMPTY'].includes(result.missing), text);
  }
});

test('texts without a dollar are left alone, and no text is too odd', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('$', '{', '}', 'A', ':', '-', '?', '+', 'x') }), (text) => {
      const result = interpolate(text, () => 'v');
      if (!text.includes('$')) assert.deepEqual(result, { text });
    }),
  );
});

test('only references in braces are looked for where a dollar may be meant', () => {
  assert.equal(hasReference('pa$$w$ord'), false);
  assert.equal(hasReference('${KEY}'), true);
});
