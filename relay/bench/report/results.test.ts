import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Row } from '../table.ts';
import { rowsTable } from './bench-section.ts';
import { RESULTS_FILE, readResults } from './files.ts';
import { renderResults } from './results.ts';

const row: Row = {
  name: 'memory',
  unit: 'KB',
  better: 'lower',
  measures: 'memory',
  relay: [15, 14.5, 1_200],
  baseline: [30, 29, 30],
};

test('a row: minimum, median and maximum of both and of the ratios of the rounds, and its goal', () => {
  const [, , line] = rowsTable([row], [{ of: 'memory', value: 14, ratio: 0.6 }]).split('\n');
  assert.equal(
    line,
    '| memory | KB, lower is better | 14.5 / 15 / 1,200 | 29 / 30 / 30 | **0.5 / 0.5 / 40** | <= 14 KB; ratio <= 0.6 | by value **missed**, by ratio reached |',
  );
});

test('a row without a baseline or a goal, and figures of others by their names', () => {
  const [, , line] = rowsTable([{ ...row, subject: 'Express', baseline: [] }], []).split('\n');
  assert.equal(line, '| memory | KB, lower is better | 14.5 / 15 / 1,200 (Express) |  |  |  |  |');
});

test('RESULTS.md is what `node relay/bench/main.ts --render` makes of the files beside it', () => {
  assert.equal(readFileSync(RESULTS_FILE, 'utf8'), renderResults(readResults()));
});

test('nothing measured is nothing told', () => {
  assert.doesNotMatch(renderResults({ compared: [] }), /bare Node|Side by side|Churn/);
});
