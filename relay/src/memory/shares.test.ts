import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sharesOf } from './shares.ts';

const MIB = 1024 * 1024;

test('a pod of 512 MiB has 64 MiB each for bodies, heads and answers, 16 MiB for large contexts, and 16,384 connections', () => {
  assert.deepEqual(sharesOf({}, 512 * MIB), {
    bodyBytes: 64 * MIB,
    headBytes: 64 * MIB,
    answerBytes: 64 * MIB,
    contextBytes: 16 * MIB,
    connections: 16_384,
  });
});

test('a large machine does not let one process fill with what it cannot work on', () => {
  const { bodyBytes, headBytes, answerBytes } = sharesOf({}, 64 * 1024 * MIB);
  assert.deepEqual([bodyBytes, headBytes, answerBytes], [128 * MIB, 128 * MIB, 512 * MIB]);
});

test('the smallest process has something, and what is configured wins', () => {
  assert.deepEqual(sharesOf({ headMemoryBytes: 1000 }, MIB), {
    bodyBytes: 8 * MIB,
    headBytes: 1000,
    answerBytes: 8 * MIB,
    contextBytes: 8 * MIB,
    connections: 256,
  });
  const all = {
    bodyMemoryBytes: 1,
    headMemoryBytes: 2,
    answerMemoryBytes: 3,
    contextMemoryBytes: 4,
    maxConnections: 5,
  };
  assert.deepEqual(sharesOf(all, MIB), { bodyBytes: 1, headBytes: 2, answerBytes: 3, contextBytes: 4, connections: 5 });
});
