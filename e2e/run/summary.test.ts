import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countAgain, parseCounts, summarise } from './summary.ts';

test('the last closing line counts, also with skipped ones and a label', () => {
  assert.deepEqual(parseCounts('1 passed, 2 failed\nmore\n10 passed, 0 failed, 3 skipped\n'), {
    passed: 10,
    failed: 0,
    skipped: 3,
  });
  assert.deepEqual(parseCounts('conformance: 7 passed, 1 failed'), { passed: 7, failed: 1, skipped: 0 });
  assert.equal(parseCounts('all is well'), undefined);
});

test('the summary ends with the sum over all suites', () => {
  const result = (name: string, passed: number, failed: number) => ({
    name,
    counts: { passed, failed, skipped: 0 },
    ms: 1,
  });
  const { text, failed } = summarise([result('a', 3, 0), result('b', 4, 1)]);
  assert.equal(text.split('\n').at(-1), '7 passed, 1 failed');
  assert.equal(failed, 1);
});

test('of the failures of a suite those count that a second run shows again', () => {
  const first = { passed: 10, failed: 2, skipped: 1, failedFiles: ['a.test.ts'] };
  const counted = { passed: 11, failed: 1, skipped: 1, again: 1 };
  assert.deepEqual(countAgain(first, { passed: 4, failed: 1, skipped: 0 }), counted);
  assert.match(summarise([{ name: 'a', counts: counted, ms: 1 }]).text, /1 passed only when run again/);
  assert.deepEqual(countAgain(first, { passed: 0, failed: 1, skipped: 0 }), first, 'the second run died');
});
