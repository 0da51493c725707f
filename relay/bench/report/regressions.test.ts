import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Row } from '../table.ts';
import { check, checkReport, checkTwice } from './regressions.ts';

const row = (relay: number[], more: Partial<Row> = {}): Row => ({
  name: 'evalx, CPU',
  unit: 'µs',
  better: 'lower',
  measures: 'cpu',
  relay,
  baseline: relay.map(() => 10),
  ...more,
});
const recorded = [row([38, 40, 42])];
const outcomes = (rows: Row[], old = recorded) => check(rows, old).map(({ outcome }) => outcome);

test('the best round counts', () => {
  assert.deepEqual(outcomes([row([200, 300, 79])]), ['holds']);
  assert.deepEqual(outcomes([row([200, 300, 81])]), ['fell']);
});

test('higher is better: half of it is the limit', () => {
  const higher = { better: 'higher', measures: 'memory' } as const;
  assert.deepEqual(outcomes([row([21], higher)], [row([40], higher)]), ['holds']);
  assert.deepEqual(outcomes([row([19], higher)], [row([40], higher)]), ['fell']);
});

test('times are not compared; a row without a recorded one is told', () => {
  assert.deepEqual(outcomes([row([900], { measures: 'time' })]), []);
  assert.deepEqual(outcomes([row([40], { name: 'new' })]), ['not compared']);
  assert.deepEqual(outcomes([row([40], { baseline: [] })]), []);
});

test('what fell is measured once more, and only then believed', async () => {
  const measured = async (...runs: number[]) => {
    let calls = 0;
    const checks = await checkTwice(async () => [row([runs[calls++] ?? Number.NaN])], recorded);
    return { calls, outcome: checks[0]?.outcome };
  };
  assert.deepEqual(await measured(41), { calls: 1, outcome: 'holds' });
  assert.deepEqual(await measured(120, 41), { calls: 2, outcome: 'holds' });
  assert.deepEqual(await measured(120, 110), { calls: 2, outcome: 'fell' });
});

test('the last line is one that CI adds up', () => {
  const checks = [
    ...check([row([41])], recorded),
    ...check([row([120])], recorded),
    ...check([row([1], { name: 'x' })], []),
  ];
  const { text, failed } = checkReport(checks, 1);
  assert.equal(failed, 1);
  assert.match(text, /\n2 passed, 1 failed, 1 skipped$/);
});
