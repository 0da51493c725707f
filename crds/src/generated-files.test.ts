import assert from 'node:assert/strict';
import { test } from 'node:test';
import { staleness } from './generated-files.ts';

test('equal texts are not stale', () => {
  assert.equal(staleness('a\nb\n', 'a\nb\n'), undefined);
});

test('the hint names the first line that differs', () => {
  assert.equal(staleness('a\nb\n', 'a\nc\n'), 'Line 2 is "b", should be "c".');
});

test('a file that ends early or late is stale', () => {
  assert.equal(staleness('a', 'a\nb'), 'Line 2 is absent, should be "b".');
  assert.equal(staleness('a\nb', 'a'), 'Line 2 is "b", should be absent.');
});

test('a missing file is stale', () => {
  assert.equal(staleness(undefined, 'a'), 'The file is not there.');
});
