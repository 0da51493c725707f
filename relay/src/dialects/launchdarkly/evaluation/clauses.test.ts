import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Json, JsonObject } from '../../../json/json.ts';
import { clause, ruleFlag, valueOfFirst } from '../../../testing/evaluation.ts';

function matches(condition: JsonObject, attributes: JsonObject = {}): boolean {
  return valueOfFirst([ruleFlag(condition)], { kind: 'user', key: 'u', ...attributes }) === 'yes';
}

suite('clauses (contract 12.4)', () => {
  const address = { city: 'Oslo', 'a/b': 'slash', 'a~b': 'tilde', list: ['x'] };

  test('with a context kind the attribute is a reference', () => {
    assert.ok(matches(clause('/address/city', 'in', ['Oslo']), { address }));
    assert.ok(matches(clause('/address/a~1b', 'in', ['slash']), { address }));
    assert.ok(matches(clause('/address/a~0b', 'in', ['tilde']), { address }));
    assert.ok(matches(clause('city', 'in', ['Oslo']), { city: 'Oslo' }));
    assert.ok(!matches(clause('/address/list/0', 'in', ['x']), { address }), 'no index into arrays');
  });

  test('without a context kind the attribute is a literal name of the kind user', () => {
    const literal = { attribute: '/address/city', op: 'in', values: ['Oslo'] };
    assert.ok(!matches(literal, { address }));
    assert.ok(matches(literal, { '/address/city': 'Oslo' }));
    assert.equal(
      valueOfFirst([ruleFlag({ attribute: 'key', op: 'in', values: ['u'] })], { kind: 'org', key: 'u' }),
      'no',
    );
  });

  test('kind is tested against every kind, negate applies to the whole', () => {
    const both = { kind: 'multi', user: { key: 'u' }, org: { key: 'o' } };
    const value = (values: Json[], negate: boolean) =>
      valueOfFirst([ruleFlag({ attribute: 'kind', op: 'in', values, negate })], both);
    assert.deepEqual([value(['org'], false), value(['org'], true), value(['device'], true)], ['yes', 'no', 'yes']);
  });

  test('kind as a reference is the kind of the clause', () => {
    assert.ok(matches(clause('/kind', 'in', ['user'])));
  });

  for (const negate of [false, true]) {
    test(`a missing kind, attribute or null is false with negate ${negate}`, () => {
      assert.ok(!matches(clause('key', 'in', ['u'], { contextKind: 'org', negate })));
      assert.ok(!matches(clause('missing', 'in', ['u'], { negate })));
      assert.ok(!matches(clause('nothing', 'in', ['u'], { negate }), { nothing: null }));
      assert.ok(!matches(clause('/address/street', 'contains', ['x'], { negate }), { address }));
      assert.ok(!matches(clause('name', 'startsWith', ['x'], { negate })));
      assert.ok(!matches(clause('date', 'before', [0], { negate })));
      assert.ok(!matches(clause('version', 'semVerEqual', ['1.0.0'], { negate })));
    });
  }

  test('anonymous is false when absent', () => {
    assert.ok(matches(clause('anonymous', 'in', [false])));
    assert.ok(matches(clause('anonymous', 'in', [true]), { anonymous: true }));
  });

  test('an array matches if any element does; an empty one is false and then negated', () => {
    assert.ok(matches(clause('list', 'in', ['b']), { list: ['a', 'b'] }));
    assert.ok(matches(clause('list', 'greaterThan', [1]), { list: ['x', 2] }));
    assert.ok(matches(clause('list', 'before', ['2020-01-01T00:00:00Z']), { list: ['x', 0] }));
    assert.ok(matches(clause('list', 'semVerLessThan', ['2.0.0']), { list: ['3', '1'] }));
    assert.ok(!matches(clause('list', 'in', ['b'], { negate: true }), { list: ['a', 'b'] }));
    assert.ok(!matches(clause('list', 'in', ['b']), { list: [] }));
    assert.ok(matches(clause('list', 'in', ['b'], { negate: true }), { list: [] }));
  });

  test('an object or array as a value equals nothing', () => {
    assert.ok(!matches(clause('object', 'in', [{ a: 1 }]), { object: { a: 1 } }));
    assert.ok(!matches(clause('nested', 'in', [['a']]), { nested: [['a']] }));
    assert.ok(matches(clause('object', 'in', [{ a: 1 }], { negate: true }), { object: { a: 1 } }));
  });

  test('no values and unknown operators are false and then negated', () => {
    for (const condition of [clause('key', 'in', []), clause('key', 'noSuchOperator', ['u'])]) {
      assert.ok(!matches(condition));
      assert.ok(matches({ ...condition, negate: true }));
    }
  });

  test('names of Object.prototype are ordinary attribute names', () => {
    assert.ok(!matches(clause('constructor', 'contains', ['Object'])));
    assert.ok(!matches(clause('__proto__', 'in', ['x'], { negate: true })));
    assert.ok(matches(clause('constructor', 'in', ['x']), { constructor: 'x' }));
    const own = JSON.parse('{"__proto__": "x"}') as JsonObject;
    assert.equal(
      valueOfFirst([ruleFlag(clause('/a/__proto__', 'in', ['x']))], { kind: 'user', key: 'u', a: own }),
      'yes',
    );
  });
});

suite('operators (contract 12.4)', () => {
  const cases: [op: string, attribute: Json, values: Json[], expected: boolean][] = [
    ['in', 'a', ['a', 'b'], true],
    ['in', '1', [1], false],
    ['in', 1, [1.0], true],
    ['in', 0, [-0], true],
    ['in', true, [true], true],
    ['in', true, ['true'], false],
    ['startsWith', 'abc', ['x', 'ab'], true],
    ['startsWith', 'abc', ['AB'], false],
    ['startsWith', 5, ['5'], false],
    ['endsWith', 'abc', ['bc'], true],
    ['endsWith', 'abc', ['ab'], false],
    ['contains', 'abc', ['b'], true],
    ['contains', 'abc', [''], true],
    ['contains', 'abc', [1], false],
    ['matches', 'abc', ['b.$'], true],
    ['matches', 'abc', ['^b'], false],
    ['matches', 'abc', ['[', 'c'], true],
    ['matches', 5, ['5'], false],
    ['lessThan', 1, [1, 2], true],
    ['lessThan', 2, [1, 2], false],
    ['lessThan', '1', [2], false],
    ['lessThan', 1, ['2'], false],
    ['lessThanOrEqual', 2, [1, 2], true],
    ['greaterThan', 2, [1, 5], true],
    ['greaterThan', 1, [1, 5], false],
    ['greaterThanOrEqual', 1, [1, 5], true],
    ['before', '2020-01-01T00:00:00Z', ['2020-01-01T00:00:00.001Z'], true],
    ['before', 1, [1], false],
    ['before', 0, ['no date', 1], true],
    ['before', true, [1], false],
    ['after', '2020-01-01T00:00:01Z', ['2020-01-01T01:00:00+01:00'], true],
    ['after', 'no date', [0], false],
    ['semVerEqual', '2.0', ['2'], true],
    ['semVerEqual', '2.0.0+build', ['1', '2.0.0'], true],
    ['semVerLessThan', '2.0.0-rc.1', ['2.0.0'], true],
    ['semVerGreaterThan', '10.0.0', ['9'], true],
    ['semVerGreaterThan', 10, ['9'], false],
    ['segmentMatch', 'a', ['no-such-segment', 5], false],
  ];
  for (const [op, attribute, values, expected] of cases) {
    test(`${JSON.stringify(attribute)} ${op} ${JSON.stringify(values)} is ${expected}`, () => {
      const condition = clause(op === 'segmentMatch' ? '' : 'a', op, values);
      assert.equal(matches(condition, { a: attribute }), expected);
      assert.equal(matches({ ...condition, negate: true }, { a: attribute }), !expected);
    });
  }
});
