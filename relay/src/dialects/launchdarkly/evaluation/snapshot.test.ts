import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { JsonObject } from '../../../json/json.ts';
import { clause, compileItems, ruleFlag, testFlag } from '../../../testing/evaluation.ts';
import { parseContext } from '../model/context.ts';
import { parseDataSet } from '../model/parse.ts';
import { compile } from './compile.ts';
import type { Audience, CompiledData } from './compiled.ts';

const CONTEXT = parseContext('{"kind":"user","key":"u"}');

function answer(data: CompiledData, audience: Audience = 'server', withReasons = false): Record<string, JsonObject> {
  return JSON.parse(data.evaluateAll(CONTEXT, { audience, withReasons })) as Record<string, JsonObject>;
}

/** The text of one flag's member. */
function text(flag: JsonObject, withReasons = false, ...others: JsonObject[]): string {
  const all = compileItems([flag, ...others]).evaluateAll(CONTEXT, { audience: 'server', withReasons });
  const start = `${JSON.stringify(flag.key)}:`;
  assert.ok(all.includes(start));
  const rest = all.slice(all.indexOf(start) + start.length);
  return others.length === 0 ? rest.slice(0, -1) : rest;
}

suite('the evalx document (contract 1.5)', () => {
  test('members come in the order of the wire, optional ones left out', () => {
    assert.equal(text(testFlag()), '{"value":"no","variation":2,"version":7}');
    assert.equal(
      text({ ...ruleFlag(clause('key', 'in', ['u'])), debugEventsUntilDate: 5, trackEvents: true }, true),
      '{"value":"yes","variation":1,"version":7,"trackEvents":true,' +
        '"reason":{"kind":"RULE_MATCH","ruleIndex":0,"ruleId":"rule"},"debugEventsUntilDate":5}',
    );
  });

  test('an experiment has trackEvents, trackReason and its reason, asked for or not', () => {
    const rollout = { kind: 'experiment', variations: [{ variation: 1, weight: 100_000 }] };
    assert.equal(
      text(testFlag({ fallthrough: { rollout } })),
      '{"value":"yes","variation":1,"version":7,"trackEvents":true,"trackReason":true,' +
        '"reason":{"kind":"FALLTHROUGH","inExperiment":true}}',
    );
  });

  test('no variation: value and variation are null', () => {
    assert.equal(text(testFlag({ on: false, offVariation: null })), '{"value":null,"variation":null,"version":7}');
  });

  test('debugEventsUntilDate is left out when null or 0', () => {
    for (const debugEventsUntilDate of [null, 0]) {
      assert.ok(!text(testFlag({ debugEventsUntilDate })).includes('debug'));
    }
  });

  test('values keep the spelling of their numbers and lose only white space', () => {
    const variations = '[12345678901234567890, 1.50, { "a" : [ 1e3 , "x y" ] }]';
    const item = JSON.stringify(testFlag()).replace(/"variations":\[.*?\]/, `"variations":${variations}`);
    const of = (index: number) =>
      compile(
        parseDataSet(
          `{"flags":{"flag":${item.replace('"fallthrough":{"variation":2}', `"fallthrough":{"variation":${index}}`)}}}`,
        ),
      ).evaluate('flag', CONTEXT, { audience: 'server', withReasons: false })?.valueJson;
    assert.deepEqual([of(0), of(1), of(2)], ['12345678901234567890', '1.50', '{"a":[1e3,"x y"]}']);
  });

  test('the document is ASCII: other characters are escaped', () => {
    const all = compileItems([testFlag({ key: 'ключ', variations: ['', '', 'naïve 😀'] })]);
    const document = all.evaluateAll(CONTEXT, { audience: 'server', withReasons: true });
    assert.match(document, /^[\x20-\x7e]+$/);
    assert.equal((JSON.parse(document) as Record<string, JsonObject>).ключ?.value, 'naïve 😀');
  });

  const other = (more: JsonObject = {}) => testFlag({ key: 'other', fallthrough: { variation: 1 }, ...more });
  const dependent = (...keys: string[]) => testFlag({ prerequisites: keys.map((key) => ({ key, variation: 1 })) });
  const listed = (...flags: JsonObject[]) => answer(compileItems(flags)).flag?.prerequisites;

  test('direct prerequisites are listed in order', () => {
    assert.deepEqual(listed(dependent('other', 'third'), other(), other({ key: 'third' })), ['other', 'third']);
  });

  test('the list stops after the first that fails, which is in it', () => {
    assert.deepEqual(listed(dependent('other', 'third'), other({ on: false }), other({ key: 'third' })), ['other']);
  });

  test('a prerequisite that does not exist is not listed', () => {
    assert.deepEqual(listed(dependent('other', 'missing'), other()), ['other']);
    assert.equal(listed(dependent('missing', 'other'), other()), undefined);
  });

  test('prerequisites of prerequisites are not listed', () => {
    const third = other({ key: 'third' });
    assert.deepEqual(
      listed(dependent('other'), { ...other(), prerequisites: [{ key: 'third', variation: 1 }] }, third),
      ['other'],
    );
  });

  test('a flag that is off lists none', () => {
    assert.equal(listed({ ...dependent('other'), on: false }, other()), undefined);
  });

  test('a hidden prerequisite is evaluated and listed', () => {
    const hidden = { usingMobileKey: false, usingEnvironmentId: false };
    const data = compileItems([{ ...dependent('other'), clientSide: true }, other({ clientSideAvailability: hidden })]);
    assert.deepEqual(Object.keys(answer(data, 'browser')), ['flag']);
    assert.deepEqual(answer(data, 'browser').flag?.prerequisites, ['other']);
  });

  test('an environment without flags is an empty object', () => {
    assert.equal(compileItems([]).evaluateAll(CONTEXT, { audience: 'server', withReasons: true }), '{}');
  });
});

suite('audiences (contract 12.8, 1.5)', () => {
  const availability = (usingMobileKey: boolean, usingEnvironmentId: boolean) => ({
    clientSideAvailability: { usingMobileKey, usingEnvironmentId },
  });
  const data = compileItems([
    testFlag({ key: 'mobile', ...availability(true, false) }),
    testFlag({ key: 'browser', ...availability(false, true) }),
    ruleFlag(),
    testFlag({ key: 'old', clientSide: true }),
    testFlag({ key: 'explicit', clientSide: true, clientSideAvailability: {} }),
    testFlag({ key: 'deleted', deleted: true }),
    testFlag({ key: 'broken', fallthrough: {} }),
  ]);
  const keys = (audience: Audience) => Object.keys(answer(data, audience)).sort();

  test('servers see all flags but deleted ones', () => {
    assert.deepEqual(keys('server'), ['broken', 'browser', 'explicit', 'flag', 'mobile', 'old']);
  });

  test('mobile SDKs see what says usingMobileKey and all of the old schema', () => {
    assert.deepEqual(keys('mobile'), ['broken', 'flag', 'mobile', 'old']);
  });

  test('browsers see what says usingEnvironmentId, or clientSide in the old schema', () => {
    assert.deepEqual(keys('browser'), ['browser', 'old']);
  });

  test('one flag is hidden, deleted or missing in the same way', () => {
    const one = (key: string, audience: Audience) => data.evaluate(key, CONTEXT, { audience, withReasons: false });
    assert.equal(one('mobile', 'browser'), undefined);
    assert.equal(one('deleted', 'server'), undefined);
    assert.equal(one('missing', 'server'), undefined);
    assert.equal(one('mobile', 'mobile')?.variation, 2);
  });

  test('broken flags appear with null', () => {
    assert.deepEqual(answer(data).broken, { value: null, variation: null, version: 7 });
  });
});

suite('evaluations that begin while another one is under way', () => {
  const ruled = (key: string) => ({ ...ruleFlag(clause('name', 'in', ['a'])), key });
  const flags = [ruled('one'), ruled('two'), ruled('three')];
  const [a, b] = ['a', 'b'].map((name) => parseContext(JSON.stringify({ kind: 'user', key: 'u', name })));
  const options = { audience: 'server', withReasons: false } as const;

  for (const [name, nested] of Object.entries({
    one: (data: CompiledData) => data.evaluate('two', b!, options),
    all: (data: CompiledData) => data.evaluateAll(b!, options),
    each: (data: CompiledData) => data.evaluateEach(b!, options, () => {}),
  })) {
    test(`${name}: they do not disturb each other, on the same snapshot or on its successor`, () => {
      const first = compileItems(flags);
      const next = compile({ ...first.data, flags: new Map(first.data.flags) }, first);
      for (const other of [first, next]) {
        const expected = other.evaluateAll(b!, options);
        const values: unknown[] = [];
        first.evaluateEach(a!, options, (_key, { valueJson }) => {
          values.push(valueJson);
          nested(other);
          assert.equal(other.evaluateAll(b!, options), expected);
        });
        assert.deepEqual(values, ['"yes"', '"yes"', '"yes"']);
      }
    });
  }

  test('one that ends by an error leaves nothing behind', () => {
    const data = compileItems(flags);
    const expected = data.evaluateAll(a!, options);
    assert.throws(() =>
      data.evaluateEach(b!, options, () => {
        throw new Error('of the visitor');
      }),
    );
    assert.equal(data.evaluateAll(a!, options), expected);
  });
});
