import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { PrefixSearch } from './prefix-search.ts';
import { TextSearch } from './text-search.ts';

// Few letters, so that texts overlap, and halves of surrogate pairs.
const text = fc
  .array(fc.constantFrom('a', 'b', 'é', '\ud83d', '\ude00'), { maxLength: 6 })
  .map((units) => units.join(''));
const texts = fc.uniqueArray(text, { maxLength: 40 });
const value = fc.array(text, { maxLength: 8 }).map((parts) => parts.join(''));

interface Search {
  any(value: string): boolean;
  each(value: string, visit: (index: number) => void): void;
}

function agrees(make: (texts: readonly string[]) => Search, test: (value: string, text: string) => boolean): void {
  fc.assert(
    fc.property(texts, fc.array(value, { minLength: 1, maxLength: 4 }), (all, values) => {
      const search = make(all);
      for (const one of values) {
        const expected = all.flatMap((each, index) => (test(one, each) ? [index] : []));
        const found: number[] = [];
        search.each(one, (index) => found.push(index));
        assert.deepEqual(
          found.sort((a, b) => a - b),
          expected,
        );
        assert.equal(search.any(one), expected.length > 0);
      }
    }),
    { numRuns: 500 },
  );
}

suite('many texts are found as one by one', () => {
  test('anywhere in a value', () =>
    agrees(
      (all) => new TextSearch(all),
      (one, part) => one.includes(part),
    ));

  test('at its beginning', () =>
    agrees(
      (all) => new PrefixSearch(all),
      (one, part) => one.startsWith(part),
    ));

  test('at its end', () =>
    agrees(
      (all) => new PrefixSearch(all, true),
      (one, part) => one.endsWith(part),
    ));
});
