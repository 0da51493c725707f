import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { JsonObject } from '../../../json/json.ts';
import { clause, evaluateFirst, ruleFlag, testFlag, USER, valueOfFirst } from '../../../testing/evaluation.ts';

const MALFORMED = { kind: 'ERROR', errorKind: 'MALFORMED_FLAG' };

function outcome(flags: readonly JsonObject[], context: JsonObject = USER) {
  const { valueJson, variation, reason } = evaluateFirst(flags, context);
  return { value: JSON.parse(valueJson), variation, reason };
}

suite('evaluation order (contract 12.2)', () => {
  test('1: off serves the off variation', () => {
    assert.deepEqual(outcome([testFlag({ on: false })]), { value: 'off', variation: 0, reason: { kind: 'OFF' } });
  });

  test('1: off without an off variation serves null', () => {
    const flag = testFlag({ on: false, offVariation: null });
    assert.deepEqual(outcome([flag]), { value: null, variation: null, reason: { kind: 'OFF' } });
  });

  const dependent = testFlag({ prerequisites: [{ key: 'other', variation: 1 }] });
  const failed = { value: 'off', variation: 0, reason: { kind: 'PREREQUISITE_FAILED', prerequisiteKey: 'other' } };

  test('2: a missing prerequisite fails', () => {
    assert.deepEqual(outcome([dependent]), failed);
  });

  test('2: a prerequisite with another variation fails', () => {
    assert.deepEqual(outcome([dependent, testFlag({ key: 'other' })]), failed);
  });

  test('2: a prerequisite that is off fails even if its off variation is the wanted one', () => {
    assert.deepEqual(outcome([dependent, testFlag({ key: 'other', on: false, offVariation: 1 })]), failed);
  });

  test('2: a prerequisite that is off is off, whatever it depends on itself', () => {
    const other = { on: false, offVariation: 1, prerequisites: [{ key: 'nowhere', variation: 0 }] };
    assert.deepEqual(outcome([dependent, testFlag({ key: 'other', ...other })]), failed);
  });

  test('2: a prerequisite with the wanted variation lets evaluation go on', () => {
    const other = testFlag({ key: 'other', fallthrough: { variation: 1 } });
    assert.deepEqual(outcome([dependent, other]), { value: 'no', variation: 2, reason: { kind: 'FALLTHROUGH' } });
  });

  test('2: a cycle of prerequisites is malformed', () => {
    const other = testFlag({ key: 'other', prerequisites: [{ key: 'flag', variation: 1 }] });
    assert.deepEqual(outcome([dependent, other]), { value: null, variation: null, reason: MALFORMED });
  });

  test('2: a prerequisite with a malformed rule makes the flag malformed', () => {
    const other = { ...ruleFlag(clause('/', 'in', ['u'])), key: 'other' };
    assert.deepEqual(outcome([dependent, other]), { value: null, variation: null, reason: MALFORMED });
  });

  test('2: a prerequisite whose variation does not exist just fails', () => {
    assert.deepEqual(outcome([dependent, testFlag({ key: 'other', fallthrough: { variation: 9 } })]), failed);
  });

  test('3: a target goes before rules', () => {
    const flag = { ...ruleFlag(), targets: [{ variation: 0, values: ['u'] }] };
    assert.deepEqual(outcome([flag]), { value: 'off', variation: 0, reason: { kind: 'TARGET_MATCH' } });
  });

  test('4: the first rule that matches decides, with its index and id', () => {
    const rules = [
      { id: 'first', variation: 0, clauses: [clause('key', 'in', ['x'])] },
      { id: 'second', variation: 1, clauses: [clause('key', 'in', ['u'])] },
    ];
    const reason = { kind: 'RULE_MATCH', ruleIndex: 1, ruleId: 'second' };
    assert.deepEqual(outcome([testFlag({ rules })]), { value: 'yes', variation: 1, reason });
  });

  test('4: all clauses of a rule must match', () => {
    assert.equal(valueOfFirst([ruleFlag(clause('key', 'in', ['u']), clause('key', 'in', ['x']))]), 'no');
    assert.equal(valueOfFirst([ruleFlag(clause('key', 'in', ['u']), clause('kind', 'in', ['user']))]), 'yes');
  });

  test('4: a rule without clauses matches', () => {
    assert.equal(valueOfFirst([ruleFlag()]), 'yes');
  });

  test('4: an empty rule id is left out', () => {
    const flag = testFlag({ rules: [{ variation: 1, clauses: [] }] });
    assert.deepEqual(outcome([flag]).reason, { kind: 'RULE_MATCH', ruleIndex: 0 });
  });

  test('5: nothing else matched: fallthrough', () => {
    assert.deepEqual(outcome([testFlag()]), { value: 'no', variation: 2, reason: { kind: 'FALLTHROUGH' } });
  });

  const broken: Record<string, JsonObject> = {
    'a variation out of range': { fallthrough: { variation: 3 } },
    'a negative variation': { fallthrough: { variation: -1 } },
    'an off variation out of range': { on: false, offVariation: 5 },
    'neither variation nor rollout': { fallthrough: {} },
    'no fallthrough at all': { fallthrough: undefined as never },
    'a rollout without variations': { fallthrough: { rollout: { variations: [] } } },
    'a bad reference with a context kind': { rules: [{ variation: 1, clauses: [clause('/a//b', 'in', ['u'])] }] },
    'an empty attribute': { rules: [{ variation: 1, clauses: [clause('', 'in', ['u'])] }] },
    'a bad bucketBy': {
      fallthrough: { rollout: { contextKind: 'user', bucketBy: '/', variations: [{ variation: 0, weight: 1 }] } },
    },
    'a target whose variation does not exist': { targets: [{ variation: 9, values: ['u'] }] },
  };
  for (const [name, more] of Object.entries(broken)) {
    test(`err: ${name} is malformed`, () => {
      assert.deepEqual(outcome([testFlag(more)]), { value: null, variation: null, reason: MALFORMED });
    });
  }
});

suite('targets (contract 12.3)', () => {
  const device = { kind: 'device', key: 'd' };

  test('without contextTargets, targets are tested in order against the user key', () => {
    const targets = [
      { variation: 1, values: ['u'] },
      { variation: 0, values: ['u'] },
    ];
    assert.equal(valueOfFirst([testFlag({ targets })]), 'yes');
    assert.equal(valueOfFirst([testFlag({ targets })], { kind: 'device', key: 'u' }), 'no');
  });

  test('an empty user entry of contextTargets stands for the targets entry of its variation', () => {
    const flag = testFlag({
      targets: [{ variation: 1, values: ['u'] }],
      contextTargets: [
        { contextKind: 'device', variation: 0, values: ['d'] },
        { contextKind: 'user', variation: 1, values: [] },
      ],
    });
    assert.equal(valueOfFirst([flag]), 'yes');
    assert.equal(valueOfFirst([flag], device), 'off');
    assert.equal(valueOfFirst([flag], { kind: 'multi', user: { key: 'u' }, device: { key: 'd' } }), 'off');
  });

  test('without such an entry targets is ignored', () => {
    const flag = testFlag({
      targets: [{ variation: 1, values: ['u'] }],
      contextTargets: [{ contextKind: 'device', variation: 0, values: ['d'] }],
    });
    assert.equal(valueOfFirst([flag]), 'no');
  });

  test('an entry whose kind the context lacks does not match', () => {
    const flag = testFlag({ contextTargets: [{ contextKind: 'device', variation: 1, values: ['u'] }] });
    assert.equal(valueOfFirst([flag]), 'no');
  });

  test('a list of more than 64 keys works as a short one does', () => {
    const values = Array.from({ length: 500 }, (_, index) => `key-${index}`);
    const flag = testFlag({ targets: [{ variation: 1, values }] });
    assert.equal(valueOfFirst([flag], { kind: 'user', key: 'key-499' }), 'yes');
    assert.equal(valueOfFirst([flag], { kind: 'user', key: 'key-500' }), 'no');
  });
});
