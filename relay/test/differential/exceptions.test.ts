import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { compile } from '../../src/dialects/launchdarkly/evaluation/compile.ts';
import { parseContext } from '../../src/dialects/launchdarkly/model/context.ts';
import { parseDataSet } from '../../src/dialects/launchdarkly/model/parse.ts';
import type { Json, JsonObject } from '../../src/json/json.ts';
import { officialEvaluator } from './official.ts';

// Every known difference between LaunchDarkly's Node SDK and ld-relay (which follows the Go SDK, and so do we). Each
// test shows both sides, so that it tells when one of them changes.

const USER: JsonObject = { kind: 'user', key: 'a' };

interface Sides {
  readonly ours: JsonObject;
  readonly official: JsonObject;
}

async function both(
  flags: readonly JsonObject[],
  context: JsonObject,
  segments: readonly JsonObject[] = [],
): Promise<Sides> {
  const complete = (item: JsonObject): JsonObject => ({ version: 1, salt: 'salt', ...item });
  const data = {
    flags: Object.fromEntries(
      flags.map((flag) => [
        flag.key as string,
        complete({
          on: true,
          variations: ['no', 'yes', 'other'],
          fallthrough: { variation: 0 },
          offVariation: 2,
          rules: [],
          targets: [],
          prerequisites: [],
          ...flag,
        }),
      ]),
    ),
    segments: Object.fromEntries(
      segments.map((segment) => [
        segment.key as string,
        complete({ included: [], excluded: [], rules: [], ...segment }),
      ]),
    ),
  };
  const official = await officialEvaluator(data);
  try {
    const all = await official.evaluateAll(context);
    const ours = compile(parseDataSet(JSON.stringify(data))).evaluateAll(parseContext(JSON.stringify(context)), {
      audience: 'server',
      withReasons: true,
    });
    const key = flags[0]!.key as string;
    return { ours: (JSON.parse(ours) as Record<string, JsonObject>)[key]!, official: all.get(key)! };
  } finally {
    official.close();
  }
}

function ruleFlag(clauses: Json[], more: JsonObject = {}): JsonObject {
  return { key: 'flag', rules: [{ id: 'rule', variation: 1, clauses, ...more }] };
}

function clause(attribute: string, op: string, ...values: Json[]): JsonObject {
  return { contextKind: 'user', attribute, op, values, negate: false };
}

async function assertValues(sides: Promise<Sides>, ours: Json, official: Json): Promise<void> {
  const found = await sides;
  assert.deepEqual({ ours: found.ours.value, official: found.official.value }, { ours, official });
}

test('bucketing: 32-bit floats here, doubles in the SDK', async () => {
  for (let index = 0; index < 5000; index++) {
    const key = `key-${index}`;
    const hash = BigInt(`0x${createHash('sha1').update(`flag.salt.${key}`).digest('hex').slice(0, 15)}`);
    const double = Number(hash) / (2 ** 60 - 1);
    const weight = Math.round(double * 100_000);
    // A weight so near to the bucket that only the precision decides: below it as a float, not below it as a double.
    if (!(Math.fround(double) >= Math.fround(weight / 100_000) && double < weight / 100_000)) continue;
    const rollout = {
      variations: [
        { variation: 0, weight },
        { variation: 1, weight: 100_000 - weight },
      ],
    };
    await assertValues(both([{ key: 'flag', fallthrough: { rollout } }], { kind: 'user', key }), 'yes', 'no');
    return;
  }
  assert.fail('no key lies on a boundary');
});

test('patterns: RE2 here, so that lookahead is invalid and never matches', async () => {
  await assertValues(both([ruleFlag([clause('key', 'matches', '(?=a)a')])], USER), 'no', 'yes');
});

test('patterns: RE2 syntax that JavaScript does not know works here', async () => {
  await assertValues(both([ruleFlag([clause('key', 'matches', '(?i)A')])], USER), 'yes', 'no');
});

test('dates: lower-case letters and one-digit hours are dates here', async () => {
  for (const date of ['2020-01-01t00:00:00z', '2020-01-01T0:00:00Z']) {
    const flag = ruleFlag([clause('date', 'before', '2021-01-01T00:00:00Z')]);
    await assertValues(both([flag], { ...USER, date }), 'yes', 'no');
  }
});

test('dates: nanoseconds count here, milliseconds there', async () => {
  const flag = ruleFlag([clause('date', 'before', '2020-01-01T00:00:00.000000002Z')]);
  await assertValues(both([flag], { ...USER, date: '2020-01-01T00:00:00.000000001Z' }), 'yes', 'no');
});

test('dates: a day beyond the end of the month runs over here and is invalid there', async () => {
  const flag = ruleFlag([clause('date', 'before', '2021-01-01T00:00:00Z')]);
  await assertValues(both([flag], { ...USER, date: '2020-02-31T00:00:00Z' }), 'yes', 'yes');
  await assertValues(both([flag], { ...USER, date: '2020-02-28T00:00:60Z' }), 'yes', 'no');
});

test('segments: includedContexts of kind user are not for a single user here', async () => {
  const flag = ruleFlag([clause('', 'segmentMatch', 'segment')]);
  const segment = { key: 'segment', includedContexts: [{ contextKind: 'user', values: ['a'] }] };
  await assertValues(both([flag], USER, [segment]), 'no', 'yes');
});

test('segments: a weighted rule needs the kind here, and takes its absence for bucket 0 there', async () => {
  const flag = ruleFlag([clause('', 'segmentMatch', 'segment')]);
  const segment = { key: 'segment', rules: [{ clauses: [], weight: 50_000, rolloutContextKind: 'org' }] };
  await assertValues(both([flag], USER, [segment]), 'no', 'yes');
});

test('malformed: the first malformed clause decides here, a later one can hide it there', async () => {
  const clauses = [clause('/', 'in', 'a'), clause('key', 'in', 'a')];
  await assertValues(both([ruleFlag(clauses)], USER), null, 'yes');
});

test('malformed: a cycle of prerequisites is malformed here, a later prerequisite can hide it there', async () => {
  const flag = {
    key: 'flag',
    prerequisites: [
      { key: 'flag', variation: 0 },
      { key: 'missing', variation: 0 },
    ],
  };
  await assertValues(both([flag], USER), null, 'other');
});

test('targets: an entry of kind user with values of its own counts here, its values are ignored there', async () => {
  const flag = { key: 'flag', contextTargets: [{ contextKind: 'user', variation: 1, values: ['a'] }] };
  await assertValues(both([flag], USER), 'yes', 'no');
});

test('rollouts: a seed of 0 is a seed here and none there', async () => {
  const variations = Array.from({ length: 1000 }, (_, index) => ({ variation: index % 3, weight: 100 }));
  const sides = await Promise.all(
    ['a', 'b', 'c', 'd', 'e', 'f'].map((key) =>
      both([{ key: 'flag', fallthrough: { rollout: { seed: 0, variations } } }], { kind: 'user', key }),
    ),
  );
  assert.ok(sides.some(({ ours, official }) => ours.value !== official.value));
});

test('rollouts: the secondary key of legacy users takes part here and is ignored there', async () => {
  const variations = Array.from({ length: 1000 }, (_, index) => ({ variation: index % 3, weight: 100 }));
  const sides = await Promise.all(
    ['a', 'b', 'c', 'd', 'e', 'f'].map((key) =>
      both([{ key: 'flag', fallthrough: { rollout: { variations } } }], { key, secondary: 'second' }),
    ),
  );
  assert.ok(sides.some(({ ours, official }) => ours.value !== official.value));
});

test('answers: an empty rule id and a debug date of 0 are left out here', async () => {
  const flag = { ...ruleFlag([], { id: '' }), debugEventsUntilDate: 0 };
  const { ours, official } = await both([flag], USER);
  assert.deepEqual([ours.reason, 'debugEventsUntilDate' in ours], [{ kind: 'RULE_MATCH', ruleIndex: 0 }, false]);
  assert.deepEqual([(official.reason as JsonObject).ruleId, official.debugEventsUntilDate], ['', 0]);
});
