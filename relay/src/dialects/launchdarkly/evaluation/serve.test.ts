import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { JsonObject } from '../../../json/json.ts';
import { evaluateFirst, testFlag } from '../../../testing/evaluation.ts';
import { bucketBytes, bucketOf, bucketPrefix } from './bucket.ts';

const USER = { kind: 'user', key: 'userKeyA' };

/** A rollout in 100 slices, whose variation tells the bucket in per cent. */
function slices(more: JsonObject = {}): JsonObject {
  const variations = Array.from({ length: 100 }, (_, variation) => ({ variation, weight: 1000 }));
  return { variations, ...more };
}

function serve(rollout: JsonObject, context: JsonObject = USER) {
  const values = Array.from({ length: 100 }, (_, index) => index);
  const flag = { ...testFlag({ key: 'hashKey', salt: 'saltyA', fallthrough: { rollout } }), variations: values };
  return evaluateFirst([flag], context);
}

function bucketOfText(text: string, seed?: number): number {
  return Math.floor(bucketOf(bucketPrefix(seed, 'hashKey', 'saltyA'), bucketBytes(text)!) * 100);
}

suite('rollouts (contract 12.5)', () => {
  test('the first variation whose cumulative weight lies above the bucket', () => {
    assert.equal(serve(slices()).variation, 42);
    assert.equal(serve(slices({ seed: 61 })).variation, 9);
    assert.equal(serve(slices()).rollout, true);
  });

  test('a bucket that is equal to a cumulative weight belongs to the next variation', () => {
    const variations = [
      { variation: 1, weight: 0 },
      { variation: 2, weight: 100_000 },
    ];
    // What cannot be hashed is bucket 0.
    assert.equal(serve({ variations, bucketBy: 'missing' }).variation, 2);
  });

  test('past the end: the last variation', () => {
    assert.equal(
      serve({
        variations: [
          { variation: 1, weight: 1 },
          { variation: 2, weight: 1 },
        ],
      }).variation,
      2,
    );
  });

  test('bucketBy takes strings and integers; other types, fractions and missing attributes are bucket 0', () => {
    const by = (value: JsonObject[string]) => serve(slices({ bucketBy: 'a' }), { ...USER, a: value }).variation;
    assert.equal(by('userKeyB'), 67);
    assert.equal(by(33333), 54);
    assert.equal(by('33333'), 54);
    for (const value of [1.5, true, null, ['userKeyB'], {}]) assert.equal(by(value), 0);
    assert.equal(serve(slices({ bucketBy: 'missing' })).variation, 0);
  });

  test('bucketBy is a reference with a context kind, a literal name without', () => {
    const context = { ...USER, a: { b: 'userKeyB' }, '/a/b': 'userKeyC' };
    assert.equal(serve(slices({ bucketBy: '/a/b', contextKind: 'user' }), context).variation, 67);
    assert.equal(serve(slices({ bucketBy: '/a/b' }), context).variation, 10);
  });

  test('a context without the kind is bucket 0', () => {
    assert.equal(serve(slices({ contextKind: 'org' })).variation, 0);
  });

  test('the secondary key of a legacy user takes part', () => {
    assert.equal(serve(slices(), { key: 'userKeyA', secondary: 'sec' }).variation, 67);
    assert.equal(serve(slices(), { key: 'userKeyA', secondary: '' }).variation, bucketOfText('userKeyA.'));
    assert.equal(serve(slices(), { ...USER, secondary: 'sec' }).variation, 42, 'only of legacy users');
  });
});

suite('experiments (contract 12.5, 1.5)', () => {
  const experiment = (more: JsonObject = {}) => slices({ kind: 'experiment', ...more });

  test('the reason says inExperiment and the result counts for one', () => {
    const result = serve(experiment());
    assert.deepEqual(result.reason, { kind: 'FALLTHROUGH', inExperiment: true });
    assert.deepEqual([result.experiment, result.trackEvents], [true, true]);
  });

  test('always by the key: bucketBy and secondary are ignored', () => {
    assert.equal(serve(experiment({ bucketBy: 'a' }), { ...USER, a: 'userKeyB' }).variation, 42);
    assert.equal(serve(experiment(), { key: 'userKeyA', secondary: 'sec' }).variation, 42);
  });

  test('not when the picked variation is untracked', () => {
    const variations = [{ variation: 0, weight: 100_000, untracked: true }];
    assert.deepEqual(serve({ kind: 'experiment', variations }).reason, { kind: 'FALLTHROUGH' });
  });

  test('not when the context lacks the kind', () => {
    const result = serve(experiment({ contextKind: 'org' }));
    assert.deepEqual([result.variation, result.reason], [0, { kind: 'FALLTHROUGH' }]);
  });

  test('trackEventsFallthrough and trackEvents of the matched rule make a result an experiment', () => {
    assert.equal(evaluateFirst([testFlag({ trackEventsFallthrough: true })]).experiment, true);
    const rules = [{ variation: 1, clauses: [], trackEvents: true }];
    assert.equal(evaluateFirst([testFlag({ rules })]).experiment, true);
    assert.equal(evaluateFirst([testFlag({ rules, on: false })]).experiment, false);
  });
});
