import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Entry, StreamLimits } from './limits.ts';

const OFF = { perCredential: 0, perAddress: 0 };
const refusedFor = (entry: Entry) => ('refused' in entry ? entry.refused : undefined);

test('streams of a public credential are counted, whatever its address, until they leave', () => {
  const limits = new StreamLimits(OFF, { perCredential: 2, perAddress: 0 });
  const first = limits.enter('browser', 'a', '1.1.1.1');
  assert.equal(refusedFor(first), undefined);
  assert.equal(refusedFor(limits.enter('browser', 'a', '2.2.2.2')), undefined);
  assert.equal(refusedFor(limits.enter('browser', 'a', '3.3.3.3')), 'credential');
  assert.equal(refusedFor(limits.enter('mobile', 'b', '3.3.3.3')), undefined);
  if ('leave' in first) first.leave?.();
  assert.equal(refusedFor(limits.enter('browser', 'a', '3.3.3.3')), undefined);
});

test('streams of one address are counted over all public credentials; those of servers apart', () => {
  const limits = new StreamLimits({ perCredential: 0, perAddress: 1 }, { perCredential: 0, perAddress: 2 });
  assert.equal(refusedFor(limits.enter('browser', 'a', '1.1.1.1')), undefined);
  assert.equal(refusedFor(limits.enter('mobile', 'b', '1.1.1.1')), undefined);
  assert.equal(refusedFor(limits.enter('browser', 'c', '1.1.1.1')), 'address');
  assert.equal(refusedFor(limits.enter('server', 'd', '1.1.1.1')), undefined);
  assert.equal(refusedFor(limits.enter('server', 'e', '1.1.1.1')), 'address');
});

test('what is refused is not counted, and without limits nothing is', () => {
  const limits = new StreamLimits(OFF, { perCredential: 1, perAddress: 1 });
  limits.enter('browser', 'a', '1.1.1.1');
  limits.enter('browser', 'a', '2.2.2.2');
  assert.equal(refusedFor(limits.enter('browser', 'b', '2.2.2.2')), undefined);
  for (let count = 0; count < 10; count++) assert.equal(refusedFor(limits.enter('server', 'a', '1.1.1.1')), undefined);
});
