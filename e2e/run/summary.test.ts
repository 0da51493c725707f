import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCounts, summarise } from './summary.ts';

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
