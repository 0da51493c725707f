import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Crowd, type Place, StreamLimits } from './limits.ts';

const OFF = { perCredential: 0, perAddress: 0 };
const refusedFor = (entered: Place | Crowd | undefined) => (typeof entered === 'string' ? entered : undefined);
const enter = (limits: StreamLimits, platform: 'server' | 'mobile' | 'browser', credential: string, address: string) =>
  limits.enter(platform !== 'server', credential, () => address);

test('streams of a public credential are counted, whatever its address, until they leave', () => {
  const limits = new StreamLimits(OFF, { perCredential: 2, perAddress: 0, together: 0 });
  const first = enter(limits, 'browser', 'a', '1.1.1.1');
  assert.equal(refusedFor(first), undefined);
  assert.equal(refusedFor(enter(limits, 'browser', 'a', '2.2.2.2')), undefined);
  assert.equal(refusedFor(enter(limits, 'browser', 'a', '3.3.3.3')), 'credential');
  assert.equal(refusedFor(enter(limits, 'mobile', 'b', '3.3.3.3')), undefined);
  limits.leave(first as Place);
  assert.equal(refusedFor(enter(limits, 'browser', 'a', '3.3.3.3')), undefined);
});

test('streams of one address are counted over all public credentials; those of servers apart', () => {
  const limits = new StreamLimits(
    { perCredential: 0, perAddress: 1 },
    { perCredential: 0, perAddress: 2, together: 0 },
  );
  assert.equal(refusedFor(enter(limits, 'browser', 'a', '1.1.1.1')), undefined);
  assert.equal(refusedFor(enter(limits, 'mobile', 'b', '1.1.1.1')), undefined);
  assert.equal(refusedFor(enter(limits, 'browser', 'c', '1.1.1.1')), 'address');
  assert.equal(refusedFor(enter(limits, 'server', 'd', '1.1.1.1')), undefined);
  assert.equal(refusedFor(enter(limits, 'server', 'e', '1.1.1.1')), 'address');
});

test('what is refused is not counted, and without limits nothing is', () => {
  const limits = new StreamLimits(OFF, { perCredential: 1, perAddress: 1, together: 0 });
  enter(limits, 'browser', 'a', '1.1.1.1');
  enter(limits, 'browser', 'a', '2.2.2.2');
  assert.equal(refusedFor(enter(limits, 'browser', 'b', '2.2.2.2')), undefined);
  for (let count = 0; count < 10; count++) assert.equal(refusedFor(enter(limits, 'server', 'a', '1.1.1.1')), undefined);
});

test('all public credentials together have a bound that no secret one counts for', () => {
  const limits = new StreamLimits(OFF, { perCredential: 0, perAddress: 0, together: 2 });
  const first = enter(limits, 'browser', 'a', '1.1.1.1');
  assert.equal(refusedFor(enter(limits, 'mobile', 'b', '2.2.2.2')), undefined);
  assert.equal(refusedFor(enter(limits, 'browser', 'c', '3.3.3.3')), 'public');
  assert.equal(refusedFor(enter(limits, 'server', 'd', '1.1.1.1')), undefined);
  limits.leave(first as Place);
  assert.equal(refusedFor(enter(limits, 'browser', 'c', '3.3.3.3')), undefined);
});

test('fair: one public credential leaves room to others, and each that comes finds some', () => {
  const limits = new StreamLimits(OFF, { perCredential: 'fair', perAddress: 0, together: 70 });
  const fill = (credential: string) => {
    let streams = 0;
    while (refusedFor(enter(limits, 'browser', credential, '1.1.1.1')) === undefined) streams++;
    return streams;
  };
  assert.equal(fill('first'), 60);
  assert.equal(fill('second'), 9);
  assert.equal(fill('third'), 1);
  assert.equal(refusedFor(enter(limits, 'browser', 'fourth', '1.1.1.1')), 'public');
});
