import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { attributeOf, ContextError, fullyQualifiedKey, parseContext } from './context.ts';

function attribute(text: string, name: string) {
  return attributeOf(parseContext(text).members[0]!, name);
}

suite('contexts that are refused, in the words of ld-relay (contract 1.4, 12.7)', () => {
  const cases: [text: string, message: string | RegExp][] = [
    ['', 'unexpected end of JSON input'],
    ['{"kind":"user"', 'unexpected end of JSON input'],
    ['{"key":"u"} x', "invalid character 'x' after top-level value"],
    ['{"key":u}', 'invalid character in JSON'],
    ['eyJrZXkiOiJ4In0', "invalid character 'e' looking for beginning of value"],
    ['\u001f', "invalid character '\\x1f' looking for beginning of value"],
    ['{}', '"key" property not found in JSON context object'],
    ['{"kind":"user"}', '"key" property not found in JSON context object'],
    ['{"kind":"user","key":""}', 'context key must not be empty'],
    ['{"kind":"user","key":null}', 'context key must not be null'],
    ['{"kind":"user","key":5}', 'expected string or null, got number at position 21'],
    ['{"key":null}', 'expected string, got null at position 7'],
    ['{"kind":null,"key":"u"}', 'expected string, got null at position 8'],
    ['{"kind":"","key":"u"}', 'context kind cannot be empty'],
    ['{"kind":"us er","key":"u"}', 'context kind contains disallowed characters'],
    ['{"kind":"üser","key":"u"}', 'context kind contains disallowed characters'],
    ['{"kind":"kind","key":"u"}', '"kind" is not a valid context kind'],
    ['{"kind":"multi"}', 'multi-context must contain at least one kind'],
    ['{"kind":"multi","user":{}}', '"key" property not found in JSON context object'],
    ['{"kind":"multi","user":"u"}', 'expected object, got string at position 23'],
    ['{"kind":"multi","multi":{"key":"u"}}', 'single context cannot have the kind "multi"'],
    ['{"kind":"multi","kind":"multi","a b":{"key":"u"}}', 'context kind contains disallowed characters'],
    [
      '{"kind":"multi","a":{"key":"u"},"b":{"key":"u","kind":"a"}}',
      'multi-context cannot have same kind more than once',
    ],
    ['{"kind":"user","key":"u","name":5}', 'expected string or null, got number at position 32'],
    ['{"kind":"user","key":"u","anonymous":null}', 'expected boolean, got null at position 37'],
    ['{"kind":"user","key":"u","_meta":"x"}', 'expected object or null, got string at position 33'],
    ['{"kind":"user","key":"ü","_meta":{"privateAttributes":[1]}}', 'expected string, got number at position 56'],
    ['{"key":"u","email":5}', 'expected string or null, got number at position 19'],
    ['{"key":"u","custom":[]}', 'expected object or null, got array at position 20'],
    ['{"key":"u","anonymous":"yes"}', 'expected boolean or null, got string at position 23'],
    ['[]', 'expected object, got array at position 0'],
    ['null', 'expected object, got null at position 0'],
    ['{"kind":"user","key":"u","a":1e999}', /^invalid numeric value at position/],
    ['{"kind":"user","key":"u","a":{"b":[1e999]}}', /^invalid numeric value at position/],
    [`{"kind":"user","key":"u","a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`, 'exceeded max depth'],
  ];
  for (const [text, message] of cases) {
    test(`${text.slice(0, 60)} → ${message}`, () => {
      assert.throws(
        () => parseContext(text),
        (error: Error) => {
          if (typeof message === 'string') assert.equal(error.message, message);
          else assert.match(error.message, message);
          return error instanceof ContextError;
        },
      );
    });
  }

  test('no value of a context is in a message', () => {
    assert.throws(
      () => parseContext('{"kind":"user","key":"secret-key","anonymous":"secret"}'),
      (error: Error) => !error.message.includes('secret'),
    );
  });
});

suite('contexts (contract 12.7)', () => {
  test('a single context: attributes, null values dropped, anonymous false when absent', () => {
    const text = '{"kind":"org","key":"o","name":"n","size":5,"none":null,"_meta":{"privateAttributes":["size"]}}';
    assert.deepEqual(
      ['kind', 'key', 'name', 'size', 'none', 'anonymous', '_meta', 'missing'].map((name) => attribute(text, name)),
      ['org', 'o', 'n', 5, undefined, false, undefined, undefined],
    );
  });

  test('attributes named as members of Object.prototype', () => {
    assert.equal(attribute('{"kind":"user","key":"u"}', 'constructor'), undefined);
    assert.equal(attribute('{"kind":"user","key":"u"}', '__proto__'), undefined);
    assert.equal(attribute('{"kind":"user","key":"u","__proto__":5}', '__proto__'), 5);
    assert.equal(attribute('{"key":"u","custom":{"__proto__":5}}', '__proto__'), 5);
  });

  test('a multi-kind context is sorted by kind; with one member it is that context', () => {
    const context = parseContext('{"kind":"multi","user":{"key":"u"},"org":{"key":"o"}}');
    assert.deepEqual(context.kinds, ['org', 'user']);
    assert.deepEqual(fullyQualifiedKey(parseContext('{"kind":"multi","org":{"key":"o"}}')), 'org:o');
  });

  test('a legacy user: known members, custom, secondary; unknown top-level members ignored', () => {
    const text =
      '{"key":"u","email":"e","secondary":"s","anonymous":true,"custom":{"a":[1],"key":"x","kind":"y","email":"later"},"unknown":1,"privateAttributeNames":["a"]}';
    assert.deepEqual(
      ['kind', 'key', 'email', 'anonymous', 'a', 'unknown', 'secondary'].map((name) => attribute(text, name)),
      ['user', 'u', 'later', true, [1], undefined, undefined],
    );
    assert.equal(parseContext(text).members[0]?.secondary, 's');
  });

  test('nulls in a legacy user', () => {
    const text =
      '{"key":"u","name":null,"email":null,"anonymous":null,"custom":null,"secondary":null,"privateAttributeNames":null}';
    const { name, anonymous, secondary } = parseContext(text).members[0]!;
    assert.deepEqual({ name, anonymous, secondary }, { name: undefined, anonymous: false, secondary: undefined });
  });

  test('only a legacy user may have an empty key', () => {
    assert.equal(parseContext('{"key":""}').keyless, true);
    assert.equal(parseContext('{"key":"u"}').keyless, false);
  });
});

suite('fully qualified keys (contract 1.8, 13)', () => {
  const cases: [text: string, key: string][] = [
    ['{"kind":"user","key":"a:b%"}', 'a:b%'],
    ['{"key":"alice"}', 'alice'],
    ['{"kind":"org","key":"acme"}', 'org:acme'],
    ['{"kind":"org","key":"50%:x"}', 'org:50%25%3Ax'],
    ['{"kind":"multi","user":{"key":"alice"},"org":{"key":"o:1"}}', 'org:o%3A1:user:alice'],
  ];
  for (const [text, key] of cases) test(text, () => assert.equal(fullyQualifiedKey(parseContext(text)), key));
});

test('any JSON is a context or a ContextError', () => {
  const member = fc.constantFrom('kind', 'key', 'name', 'anonymous', 'custom', '_meta', 'email', 'user', 'x');
  fc.assert(
    fc.property(fc.dictionary(member, fc.oneof(fc.jsonValue(), fc.constantFrom('multi', 'user', 'u'))), (document) => {
      try {
        parseContext(JSON.stringify(document));
      } catch (error) {
        assert.ok(error instanceof ContextError);
      }
    }),
    { numRuns: 1000 },
  );
});
