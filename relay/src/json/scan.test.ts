import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { compact, forEachElement, JsonTextError, memberTexts, valueEnd } from './scan.ts';

suite('member texts', () => {
  test('the texts of members are found untouched, whatever the values', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue()),
        fc.constantFrom(undefined, 1, '\t'),
        (object, indent) => {
          const members = memberTexts(JSON.stringify(object, undefined, indent));
          assert.deepEqual([...members.keys()].sort(), Object.keys(object).sort());
          for (const [key, text] of members)
            assert.equal(JSON.stringify(JSON.parse(text)), JSON.stringify(object[key]));
        },
      ),
    );
  });

  test('keys are decoded, the last of two counts, strings hide structure', () => {
    const members = memberTexts('{"a\\u0062": "}\\"]", "x": [1, {"y": 2}], "ab": 3 }');
    assert.deepEqual(
      [...members],
      [
        ['ab', '3'],
        ['x', '[1, {"y": 2}]'],
      ],
    );
  });

  test('deep nesting takes no stack', () => {
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    assert.equal(memberTexts(`{"a":${deep}}`).get('a'), deep);
  });

  const broken = [
    '',
    '{',
    '{"a"',
    '{"a":',
    '{"a":1',
    '{"a":1,',
    '{"a":1,}',
    '{a:1}',
    '{"a" 1}',
    '{"a":}',
    '{"a":"x}',
    '[]',
    'null',
    '{"a":1}{}',
    '{"a":1 "b":2}',
    '{"a\n":1}',
    '{"\\x":1}',
  ];
  for (const text of broken) {
    test(`${JSON.stringify(text)} is refused`, () => {
      assert.throws(
        () => memberTexts(text),
        (error: Error) => error instanceof JsonTextError || error instanceof SyntaxError,
      );
    });
  }
});

test('elements of an array', () => {
  const found: string[] = [];
  const text = '[ 1, "a]", [2 ,3], {} ]';
  forEachElement(text, 0, (start, stop) => found.push(text.slice(start, stop)));
  assert.deepEqual(found, ['1', '"a]"', '[2 ,3]', '{}']);
  assert.throws(() => forEachElement('[1,]', 0, () => {}), JsonTextError);
});

test('a value ends where the next token begins', () => {
  assert.equal(valueEnd('true ,', 0), 4);
  assert.throws(() => valueEnd(',', 0), JsonTextError);
});

test('compact takes white space out between tokens only', () => {
  assert.equal(compact('{ "a b" :\n[ 1 , "\\" " ] }'), '{"a b":[1,"\\" "]}');
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      assert.equal(compact(JSON.stringify(value, undefined, 2)), JSON.stringify(value));
    }),
  );
  const text = '{"a":1}';
  assert.equal(compact(text), text);
});
