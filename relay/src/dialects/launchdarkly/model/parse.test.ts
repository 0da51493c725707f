import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { DataError, flagOf, parseDataSet, parseItem, releaseParsed, tombstone, variationTexts } from './parse.ts';

function flags(text: string) {
  return parseDataSet(`{"flags":${text}}`).flags;
}

suite('data sets', () => {
  test('items keep their text: unknown members, big integers, order, white space', () => {
    const item = '{ "zeta": 12345678901234567890, "version": 3, "key":"a", "new": {"x": [1.0, 1e3]} }';
    const found = flags(`{"a" : ${item} }`).get('a');
    assert.deepEqual([found?.kind, found?.key, found?.version, found?.deleted], ['flags', 'a', 3, false]);
    assert.ok(found?.json.startsWith(item.slice(0, -2)), 'what it lacks comes behind');
  });

  test('any set of items is found under its keys', () => {
    const item = fc.record({ key: fc.string(), version: fc.nat(), extra: fc.jsonValue() });
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'grapheme' }), item), (items) => {
        const data = parseDataSet(JSON.stringify({ segments: items, flags: items }));
        assert.deepEqual([...data.flags.keys()].sort(), Object.keys(items).sort());
        for (const [key, { json, version }] of data.segments) {
          assert.ok(json.startsWith(JSON.stringify(items[key]).slice(0, -1)));
          assert.equal(version, items[key]!.version);
        }
      }),
    );
  });

  test('missing kinds are empty, other members are skipped', () => {
    const data = parseDataSet('{"configOverrides": {"a": [1]}, "segments": {}}');
    assert.deepEqual([data.flags.size, data.segments.size], [0, 0]);
  });

  test('the key of the map counts, decoded; the last of two', () => {
    const found = flags('{"\\u0061": {"version": 1}, "a": {"version": 2, "key": "other"}}');
    assert.deepEqual(
      [...found].map(([key, item]) => [key, item.key, item.version]),
      [['a', 'a', 2]],
    );
  });

  test('__proto__ and constructor are keys like others', () => {
    const found = flags('{"__proto__": {"version": 1, "__proto__": {"on": true}}, "constructor": {"version": 2}}');
    assert.deepEqual([...found.keys()], ['__proto__', 'constructor']);
    assert.equal(flagOf(found.get('__proto__')!).on, false);
  });

  test('null arrays are empty, nulls elsewhere are as ld-relay has them', () => {
    const item =
      '{"rules": null, "targets": null, "variations": null, "prerequisites": null, "offVariation": null, "debugEventsUntilDate": null, "clientSideAvailability": null}';
    const flag = flagOf(flags(`{"a":${item}}`).get('a')!);
    assert.deepEqual([flag.rules, flag.targets, flag.variationCount, flag.offVariation], [[], [], 0, undefined]);
  });

  test('asking for the flag of an item changes nothing: it is the same one each time', () => {
    const item = flags('{"a":{"version":1,"on":true}}').get('a')!;
    assert.equal(flagOf(item), flagOf(item));
    releaseParsed(item);
    assert.equal(flagOf(item).on, true, 'then its text is parsed again');
  });

  test('fractions of integers are cut off', () => {
    assert.equal(flags('{"a":{"version":3.9}}').get('a')?.version, 3);
  });

  test('deeply nested values are no problem', () => {
    const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    const item = flags(`{"a":{"variations":[${deep}],"unknown":${deep}}}`).get('a')!;
    assert.deepEqual(variationTexts(item), [deep]);
  });

  test('5 MB of flags', () => {
    const text = JSON.stringify(
      Object.fromEntries(
        Array.from({ length: 5000 }, (_, index) => [
          `f${index}`,
          { key: `f${index}`, version: index, variations: ['x'.repeat(960)] },
        ]),
      ),
    );
    assert.ok(text.length > 5_000_000);
    assert.equal(flags(text).get('f4999')?.version, 4999);
  });
});

suite('malformed data is refused as a whole, with the path', () => {
  const cases: [item: string, message: RegExp][] = [
    ['5', /\/flags\/a: expected object, got number/],
    ['null', /\/flags\/a: expected object, got null/],
    ['{"rules":5}', /\/flags\/a\/rules: expected array or null, got number/],
    ['{"rules":[{"clauses":[{"op":1}]}]}', /\/flags\/a\/rules\/0\/clauses\/0\/op: expected string, got number/],
    ['{"rules":[{},null]}', /\/flags\/a\/rules\/1: expected object, got null/],
    ['{"on":"true"}', /\/flags\/a\/on: expected boolean, got string/],
    ['{"on":null}', /expected boolean, got null/],
    ['{"version":"1"}', /\/flags\/a\/version: expected number, got string/],
    ['{"version":null}', /expected number, got null/],
    ['{"fallthrough":null}', /\/flags\/a\/fallthrough: expected object, got null/],
    ['{"fallthrough":{"rollout":{"variations":null}}}', /\/fallthrough\/rollout\/variations: expected array, got null/],
    [
      '{"fallthrough":{"rollout":{"variations":[{"weight":"x"}]}}}',
      /\/rollout\/variations\/0\/weight: expected number/,
    ],
    ['{"targets":[{"values":[1]}]}', /\/targets\/0\/values\/0: expected string, got number/],
    ['{"clientSide":1}', /\/clientSide: expected boolean/],
    ['{"clientSideAvailability":{"usingMobileKey":1}}', /\/clientSideAvailability\/usingMobileKey: expected boolean/],
    ['{"migration":{"checkRatio":"x"}}', /\/migration\/checkRatio: expected number/],
    ['{"variations":[1e999]}', /\/variations\/0: expected a number in the range of doubles/],
    ['{"version":1e999}', /\/version: expected a number in the range of doubles/],
    ['{"on":tru}', /\/flags\/a: invalid JSON/],
    ['{"a":[1}', /invalid JSON/],
  ];
  for (const [item, message] of cases) {
    test(item, () => {
      assert.throws(
        () => flags(`{"ok":{"version":1},"a":${item}}`),
        (error: Error) => {
          assert.match(error.message, message);
          return error instanceof DataError;
        },
      );
    });
  }

  for (const text of [
    '',
    'null',
    '[]',
    '{"flags":null}',
    '{"flags":[]}',
    '{"flags":{}',
    '{"other":tru}',
    '{"flags":{"a" {}}}',
    '{} x',
  ]) {
    test(JSON.stringify(text), () => assert.throws(() => parseDataSet(text), DataError));
  }

  test('segments are checked, too', () => {
    const parse = (segment: string) => parseDataSet(`{"segments":{"s":${segment}}}`);
    assert.throws(() => parse('{"included":"u"}'), /\/segments\/s\/included: expected array or null, got string/);
    assert.throws(() => parse('{"rules":[{"weight":"1"}]}'), /\/segments\/s\/rules\/0\/weight: expected number/);
    assert.throws(() => parse('{"unbounded":null}'), /\/segments\/s\/unbounded: expected boolean, got null/);
  });
});

test('of data with numbers that cannot be, only the items that have them are left out', () => {
  const refused: string[] = [];
  const good = '{"key":"good","version":1}';
  const data = parseDataSet(
    `{"flags":{"a":{"version":1e400},"good":${good},"b":{"version":1,"rules":[{"clauses":[{"values":[-1e400]}]}]}},"segments":{"c":{"version":9007199254740993}}}`,
    ({ kind, key, reason }) => refused.push(`${kind} ${key} ${reason}`),
  );
  assert.deepEqual([...data.flags.keys()], ['good']);
  assert.equal(data.segments.size, 0);
  assert.deepEqual(refused, [
    'flags a /flags/a/version: expected a number in the range of doubles',
    'flags b /flags/b/rules/0/clauses/0/values/0: expected a number in the range of doubles',
    'segments c /segments/c/version: expected a version up to 2^53 - 1',
  ]);
});

suite('single items', () => {
  test('without a key the item names itself', () => {
    assert.equal(parseItem('segments', '{"key":"s","version":2}').key, 's');
    assert.throws(() => parseItem('flags', '{"version":2}'), DataError);
  });

  test('a tombstone has the text that a store keeps', () => {
    const item = tombstone('flags', 'a"b', 4);
    assert.deepEqual(JSON.parse(item.json), { key: 'a"b', version: 4, deleted: true });
    assert.deepEqual([item.version, item.deleted], [4, true]);
    assert.equal(parseItem('flags', item.json).deleted, true);
  });
});
