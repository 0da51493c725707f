import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { JsonObject } from '../../../json/json.ts';
import { clause, evaluateFirst, ruleFlag, valueOfFirst } from '../../../testing/evaluation.ts';
import type { BigSegments } from './compiled.ts';

const FLAG = ruleFlag(clause('', 'segmentMatch', ['segment']));
const MULTI = { kind: 'multi', user: { key: 'u' }, org: { key: 'o' } };

function contains(
  segment: JsonObject,
  context: JsonObject = { kind: 'user', key: 'u' },
  ...others: JsonObject[]
): boolean {
  return valueOfFirst([FLAG], context, [{ key: 'segment', version: 1, salt: 'salt', ...segment }, ...others]) === 'yes';
}

suite('segments (contract 12.6)', () => {
  test('included beats excluded', () => {
    assert.ok(contains({ included: ['u'], excluded: ['u'] }));
    assert.ok(!contains({ included: ['u'] }, { kind: 'org', key: 'u' }), 'only for users');
  });

  test('excluded beats rules', () => {
    assert.ok(!contains({ excluded: ['u'], rules: [{ clauses: [] }] }));
  });

  test('includedContexts and excludedContexts go by kind', () => {
    const org = { kind: 'org', key: 'o' };
    assert.ok(contains({ includedContexts: [{ contextKind: 'org', values: ['o'] }] }, org));
    assert.ok(!contains({ excludedContexts: [{ contextKind: 'org', values: ['o'] }], rules: [{ clauses: [] }] }, org));
  });

  test('excluded comes after includedContexts', () => {
    assert.ok(contains({ excluded: ['u'], includedContexts: [{ contextKind: 'org', values: ['o'] }] }, MULTI));
  });

  test('contexts lists of kind user are for multi-kind contexts only', () => {
    const segment = { includedContexts: [{ contextKind: 'user', values: ['u'] }] };
    assert.ok(!contains(segment));
    assert.ok(contains(segment, MULTI));
  });

  test('a rule without weight matches when its clauses do', () => {
    assert.ok(contains({ rules: [{ clauses: [clause('key', 'in', ['u'])] }] }));
    assert.ok(!contains({ rules: [{ clauses: [clause('key', 'in', ['x'])] }] }));
  });

  test('a weight decides by bucket', () => {
    assert.ok(contains({ rules: [{ clauses: [], weight: 100_000 }] }));
    assert.ok(!contains({ rules: [{ clauses: [], weight: 0 }] }));
  });

  test('a weighted rule does not match without the kind, and matches without the attribute', () => {
    assert.ok(!contains({ rules: [{ clauses: [], weight: 100_000, rolloutContextKind: 'org' }] }));
    assert.ok(contains({ rules: [{ clauses: [], weight: 1, bucketBy: 'missing' }] }));
  });

  test('a malformed bucketBy of a rule that matches is malformed', () => {
    const rules = [{ clauses: [], weight: 1, bucketBy: '/', rolloutContextKind: 'user' }];
    assert.equal(evaluateFirst([FLAG], undefined, [{ key: 'segment', version: 1, rules }]).reason.kind, 'ERROR');
  });

  test('segments nest', () => {
    const rules = [{ clauses: [clause('', 'segmentMatch', ['inner'])] }];
    assert.ok(contains({ rules }, undefined, { key: 'inner', version: 1, included: ['u'] }));
  });

  test('a cycle is malformed, but not when it is not reached', () => {
    const outer = (more: JsonObject) => ({
      key: 'segment',
      version: 1,
      rules: [{ clauses: [clause('', 'segmentMatch', ['inner'])] }],
      ...more,
    });
    const inner = { key: 'inner', version: 1, rules: [{ clauses: [clause('', 'segmentMatch', ['segment'])] }] };
    assert.equal(evaluateFirst([FLAG], undefined, [outer({}), inner]).reason.kind, 'ERROR');
    assert.equal(evaluateFirst([FLAG], undefined, [outer({ included: ['u'] }), inner]).reason.kind, 'RULE_MATCH');
  });

  test('negate inverts, unknown segments are skipped', () => {
    const flag = ruleFlag(clause('', 'segmentMatch', ['unknown', 'segment'], { negate: true }));
    assert.equal(valueOfFirst([flag], undefined, [{ key: 'segment', version: 1, included: ['u'] }]), 'no');
    assert.equal(valueOfFirst([flag]), 'yes');
  });

  test('a deleted segment is unknown', () => {
    assert.ok(!contains({ included: ['u'], deleted: true }));
  });
});

suite('big segments (contract 12.6)', () => {
  const store = (answer: boolean | undefined): BigSegments => ({
    status: 'STALE',
    membership: (key) => (key === 'u' ? { lookup: (ref) => (ref === 'segment.g3' ? answer : undefined) } : undefined),
  });
  const big = { key: 'segment', version: 1, unbounded: true, generation: 3, included: ['u'] };
  const ask = (segment: JsonObject, bigSegments?: BigSegments, context?: JsonObject) => {
    const { reason } = evaluateFirst([FLAG], context, [segment], bigSegments);
    return [reason.kind, reason.bigSegmentsStatus];
  };
  const rules = [{ clauses: [] }];

  test('without a generation: not configured, no match', () => {
    assert.deepEqual(ask({ ...big, generation: null, rules }, store(true)), ['FALLTHROUGH', 'NOT_CONFIGURED']);
  });

  test('without a store: not configured, but the rules are tried', () => {
    assert.deepEqual(ask(big), ['FALLTHROUGH', 'NOT_CONFIGURED']);
    assert.deepEqual(ask({ ...big, rules }), ['RULE_MATCH', 'NOT_CONFIGURED']);
  });

  test('a context without the kind does not match and asks nobody', () => {
    assert.deepEqual(ask({ ...big, rules }, store(true), { kind: 'org', key: 'u' }), ['FALLTHROUGH', undefined]);
    assert.deepEqual(ask({ ...big, unboundedContextKind: 'org' }, store(true), { kind: 'org', key: 'u' }), [
      'RULE_MATCH',
      'STALE',
    ]);
  });

  test('the store decides', () => {
    assert.deepEqual(ask(big, store(true)), ['RULE_MATCH', 'STALE']);
    assert.deepEqual(ask({ ...big, rules }, store(false)), ['FALLTHROUGH', 'STALE']);
  });

  test('when the store is silent the rules decide, never the lists', () => {
    assert.deepEqual(ask(big, store(undefined)), ['FALLTHROUGH', 'STALE']);
    assert.deepEqual(ask({ ...big, rules }, store(undefined)), ['RULE_MATCH', 'STALE']);
  });

  test('the state of the store reaches every flag that depends on it, and no other', () => {
    const dependent = { ...FLAG, key: 'dependent', rules: [], prerequisites: [{ key: 'flag', variation: 1 }] };
    assert.equal(evaluateFirst([dependent, FLAG], undefined, [big], store(true)).reason.bigSegmentsStatus, 'STALE');
    const indifferent = { ...FLAG, key: 'indifferent', rules: [] };
    assert.equal(evaluateFirst([indifferent, FLAG], undefined, [big], store(true)).reason.bigSegmentsStatus, undefined);
  });
});
