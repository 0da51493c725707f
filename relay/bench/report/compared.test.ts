import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CompareOutput, comparisonsOf, keyOf, merged } from './compared.ts';

const run = (target: string, round: number, metrics: Record<string, number>, scenario = 'evalx-get/small?s=3') => ({
  target,
  scenario,
  round,
  metrics,
});
const output = (runs: CompareOutput['runs'], cpus = '0'): CompareOutput => ({
  finished: '2026-01-02T03:04:05Z',
  options: { TargetCPUs: cpus },
  targets: [
    { name: 'ld-relay-8', env: { LD_ENV_a: 'k', LD_MOBILE_KEY_a: 'm' } },
    { name: 'flagrelay', env: {} },
  ],
  runs,
});

test('ratios are of the rounds; the length of a run is no part of a name; other metrics are left out', () => {
  const [found, ...rest] = comparisonsOf(
    output([
      run('ld-relay-8', 1, { req_per_s: 100, ctxsw_per_req: 1 }),
      run('flagrelay', 1, { req_per_s: 400, ctxsw_per_req: 1 }),
      run('ld-relay-8', 2, { req_per_s: 200 }),
      run('flagrelay', 2, { req_per_s: 600 }),
    ]),
    'abc',
  );
  assert.deepEqual(rest, []);
  assert.equal(found?.scenario, 'evalx-get/small');
  assert.equal(found?.environments, 1);
  assert.equal(found?.rounds, 2);
  assert.deepEqual(Object.keys(found?.metrics ?? {}), ['req_per_s']);
  assert.deepEqual(found?.metrics.req_per_s?.ratio, { min: 3, median: 3.5, max: 4 });
});

test('a round in which one side failed does not count', () => {
  const runs = [
    run('ld-relay-8', 1, { req_per_s: 100 }),
    { ...run('flagrelay', 1, { req_per_s: 1 }), error: 'no answer' },
  ];
  assert.deepEqual(comparisonsOf(output(runs), 'abc'), []);
});

test('memory of a stream is what came between the start and the patches', () => {
  const scenario = 'streams-all/medium?k=1000&s=1';
  const runs = [
    run('ld-relay-8', 1, { pss_before_mb: 10, pss_after_patches_mb: 110 }, scenario),
    run('flagrelay', 1, { pss_before_mb: 50, pss_after_patches_mb: 60 }, scenario),
  ];
  const [found] = comparisonsOf(output(runs), 'abc');
  assert.equal(found?.scenario, 'streams-all/medium?k=1000');
  assert.equal(found?.metrics.stream_kb?.ours.median, 10.49);
  assert.equal(found?.metrics.stream_kb?.ratio.median, 0.1);
});

test('a new comparison replaces the old one of the same scenario and cores only', () => {
  const runs = [run('ld-relay-8', 1, { req_per_s: 100 }), run('flagrelay', 1, { req_per_s: 200 })];
  const old = comparisonsOf(output(runs), 'old');
  const free = comparisonsOf(output(runs, ''), 'new');
  const fresh = comparisonsOf(output(runs), 'new');
  assert.deepEqual(merged(old, fresh), fresh);
  assert.deepEqual(
    merged(old, free).map((one) => `${keyOf(one)}, ${one.commit}`),
    ['evalx-get/small, old', 'evalx-get/small 2, new'],
  );
});
