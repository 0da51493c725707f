import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CpuProfile, summarise } from './profile-summary.ts';

const frame = (functionName: string) => ({ functionName, url: '', lineNumber: 0, columnNumber: 0 });
const profile: CpuProfile = {
  startTime: 1_000,
  nodes: [
    { id: 1, callFrame: frame('(root)'), children: [2, 5] },
    { id: 2, callFrame: frame('answer'), children: [3] },
    { id: 3, callFrame: frame('select'), children: [4] },
    { id: 4, callFrame: frame('select') },
    { id: 5, callFrame: frame('(idle)') },
  ],
  //         warm-up, then 10 of answer, 30 and 60 of select, 500 idle, and one after the window
  samples: [2, 2, 3, 4, 5, 2],
  timeDeltas: [100, 10, 30, 60, 500, 1_000],
};
const name = ({ functionName }: { functionName: string }) => functionName;

test('shares are of busy time in the window; recursion counts once', () => {
  const summary = summarise(profile, { from: 1_105, to: 2_000 }, name, 10);
  assert.deepEqual(summary.self, [
    ['select', 0.9],
    ['answer', 0.1],
  ]);
  // `answer` holds everything and is left out.
  assert.deepEqual(summary.inclusive, [['select', 0.9]]);
});

test('only as many as asked for', () => {
  assert.equal(summarise(profile, { from: 1_105, to: 2_000 }, name, 1).self.length, 1);
});
