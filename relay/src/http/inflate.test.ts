import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ByteBudget } from '../memory/budget.ts';
import { BodyError } from './body.ts';
import { inflate } from './inflate.ts';

const MIB = 1024 * 1024;
const reason = (expected: string) => (error: unknown) => error instanceof BodyError && error.reason === expected;

test('a body is inflated, also one of several members, and its bytes count until they are released', async () => {
  const budget = new ByteBudget(10 * MIB);
  const text = JSON.stringify(Array.from({ length: 10_000 }, (_, index) => ({ index })));
  const body = await inflate(gzipSync(text), MIB, budget);
  assert.equal(body.bytes.toString(), text);
  assert.ok(budget.used >= text.length);
  body.release();
  assert.equal(budget.used, 0);
  const members = Buffer.concat(['[1', ',2', ']'].map((part) => gzipSync(part)));
  assert.equal((await inflate(members, MIB, budget)).bytes.toString(), '[1,2]');
});

test('what inflates to more than the limit is given up there, in one member or in many', async () => {
  const budget = new ByteBudget(2 * MIB);
  const bomb = gzipSync(Buffer.alloc(200 * MIB));
  const many = Buffer.concat(Array.from({ length: 5_000 }, () => gzipSync(Buffer.alloc(1024))));
  for (const body of [bomb, many]) {
    await assert.rejects(inflate(body, MIB, budget), reason('too-large'));
    assert.equal(budget.used, 0);
  }
  assert.ok(budget.peak <= 2 * MIB);
});

test('without room in the budget it is given up', async () => {
  const budget = new ByteBudget(MIB);
  await assert.rejects(inflate(gzipSync(Buffer.alloc(4 * MIB)), 5 * MIB, budget), reason('busy'));
  assert.equal(budget.used, 0);
});

test('what is not gzip, or is cut, is an error', async () => {
  const budget = new ByteBudget(MIB);
  for (const body of [Buffer.from('hello'), gzipSync('hello').subarray(0, 15)]) {
    await assert.rejects(inflate(body, MIB, budget), (error: unknown) => !(error instanceof BodyError));
    assert.equal(budget.used, 0);
  }
});
