import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ago, report } from '../testing/test-snapshot.ts';
import { rotatedTime } from './rotation.ts';

const rotated = (...seconds: number[]) =>
  seconds.map((second, index) => report('abc'[index] ?? '', { credentialsRotatedTime: ago(second) }));

test('the first pod of a rotation gives its time, those that follow change nothing', () => {
  assert.equal(rotatedTime(undefined, [report('a')]), undefined);
  assert.equal(rotatedTime(undefined, rotated(60, 90, 20)), ago(90));
  assert.equal(rotatedTime(ago(90), rotated(60, 90, 20)), ago(90));
});

test('the next rotation is another one, and none is forgotten with its pods', () => {
  assert.equal(rotatedTime(ago(900), rotated(900, 10)), ago(10));
  assert.equal(rotatedTime(ago(900), [report('a')]), ago(900));
});
