import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { DataSet, Item } from '../../../data/data.ts';
import type { JsonObject } from '../../../json/json.ts';
import { clause, compileItems, ruleFlag, testFlag } from '../../../testing/evaluation.ts';
import { parseContext } from '../model/context.ts';
import { flagOf, parseItem, tombstone } from '../model/parse.ts';
import { compile } from './compile.ts';
import type { CompiledData } from './compiled.ts';

const CONTEXT = parseContext('{"kind":"user","key":"u"}');
const OPTIONS = { audience: 'server', withReasons: true } as const;

function flagItem(flag: JsonObject): Item {
  return parseItem('flags', JSON.stringify(flag), flag.key as string);
}

function segmentItem(segment: JsonObject): Item {
  return parseItem('segments', JSON.stringify(segment), segment.key as string);
}

function withFlag(data: DataSet, item: Item): DataSet {
  return { ...data, flags: new Map(data.flags).set(item.key, item) };
}

function variation(compiled: CompiledData, key: string): number | null | undefined {
  return compiled.evaluate(key, CONTEXT, OPTIONS)?.variation;
}

suite('compiling on top of a previous data set', () => {
  const dependent = testFlag({ key: 'dependent', prerequisites: [{ key: 'flag', variation: 1 }] });

  test('a changed flag is seen by flags that depend on it, and the old snapshot stays as it was', () => {
    const first = compileItems([testFlag(), dependent]);
    const second = compile(
      withFlag(first.data, flagItem(testFlag({ version: 8, fallthrough: { variation: 1 } }))),
      first,
    );
    assert.deepEqual([variation(first, 'flag'), variation(first, 'dependent')], [2, 0]);
    assert.deepEqual([variation(second, 'flag'), variation(second, 'dependent')], [1, 2]);
    assert.deepEqual([variation(first, 'flag'), variation(first, 'dependent')], [2, 0]);
  });

  test('a prerequisite that arrives later is found, one that is deleted is missing', () => {
    const first = compileItems([dependent]);
    assert.equal(variation(first, 'dependent'), 0);
    const second = compile(withFlag(first.data, flagItem(testFlag({ fallthrough: { variation: 1 } }))), first);
    assert.equal(variation(second, 'dependent'), 2);
    const third = compile(withFlag(second.data, tombstone('flags', 'flag', 9)), second);
    assert.equal(variation(third, 'dependent'), 0);
    assert.equal(variation(third, 'flag'), undefined);
  });

  test('a changed segment is seen by flags that were not compiled again', () => {
    const first = compileItems([ruleFlag(clause('', 'segmentMatch', ['segment']))]);
    const segments = new Map([['segment', segmentItem({ key: 'segment', version: 1, included: ['u'] })]]);
    const second = compile({ flags: first.data.flags, segments }, first);
    assert.deepEqual([variation(first, 'flag'), variation(second, 'flag')], [2, 1]);
  });

  test('a snapshot whose conditions were given up still evaluates them', () => {
    const first = compileItems([
      ruleFlag(clause('key', 'in', ['u'])),
      { ...ruleFlag(clause('key', 'in', ['x'])), key: 'other' },
    ]);
    const second = compile(withFlag(first.data, flagItem(ruleFlag(clause('key', 'in', ['y'])))), first);
    const third = compile({ flags: new Map(), segments: new Map() }, second);
    assert.deepEqual([variation(first, 'flag'), variation(first, 'other'), variation(second, 'flag')], [1, 2, 2]);
    assert.equal(JSON.parse(first.evaluateAll(CONTEXT, OPTIONS)).flag.variation, 1);
    assert.equal(third.evaluateAll(CONTEXT, OPTIONS), '{}');
  });

  test('two data sets on top of the same one do not disturb each other', () => {
    const base = compileItems([ruleFlag(clause('key', 'in', ['u']))]);
    const left = compile(withFlag(base.data, flagItem(ruleFlag(clause('key', 'in', ['x'])))), base);
    const right = compile(withFlag(base.data, flagItem(testFlag({ on: false }))), base);
    assert.deepEqual(
      [base, left, right].map((data) => variation(data, 'flag')),
      [1, 2, 0],
    );
  });

  test('thousands of changes leave evaluation right', () => {
    let compiled = compileItems([testFlag(), dependent]);
    for (let version = 1; version <= 3000; version++) {
      const flag = ruleFlag(
        clause(`attribute-${version}`, 'in', [version], { negate: true }),
        clause('key', 'in', ['u']),
      );
      compiled = compile(withFlag(compiled.data, flagItem({ ...flag, version })), compiled);
    }
    const context = parseContext('{"kind":"user","key":"u","attribute-3000":1}');
    assert.equal(compiled.evaluate('flag', context, OPTIONS)?.variation, 1);
    assert.equal(compiled.evaluate('dependent', context, OPTIONS)?.variation, 2);
  });

  test('what parsing left of an item is let go once it is compiled, and when it need not be', () => {
    const text = JSON.stringify(testFlag());
    const items = [parseItem('flags', text, 'flag'), parseItem('flags', text, 'flag')];
    let data: CompiledData | undefined;
    for (const item of items) {
      const parsed = flagOf(item);
      data = compile({ flags: new Map([['flag', item]]), segments: new Map() }, data);
      assert.notEqual(flagOf(item), parsed);
    }
  });

  test('the same text in another item gives the same results', () => {
    const first = compileItems([testFlag(), dependent]);
    const second = compile(withFlag(first.data, flagItem(testFlag())), first);
    assert.equal(second.evaluateAll(CONTEXT, OPTIONS), first.evaluateAll(CONTEXT, OPTIONS));
  });
});

test('the kinds that big segments need are told', () => {
  const big = { key: 'big', version: 1, unbounded: true, generation: 1 };
  const kinds = (...segments: JsonObject[]) => [...compileItems([], segments).bigSegmentKinds].sort();
  assert.deepEqual(kinds(), []);
  assert.deepEqual(kinds(big, { ...big, key: 'org', unboundedContextKind: 'org' }), ['org', 'user']);
  assert.deepEqual(kinds({ ...big, generation: null }), [], 'without a generation nobody is asked');
});

test('items that no parser made are compiled, too', () => {
  const { flags } = compileItems([testFlag()]).data;
  const copy: Item = { ...flags.get('flag')! };
  assert.equal(variation(compile({ flags: new Map([['flag', copy]]), segments: new Map() }), 'flag'), 2);
});
