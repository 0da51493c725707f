import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../testing/eventually.ts';
import { createAdmission } from './admission.ts';

test('no limit: everybody enters', () => {
  const admission = createAdmission({ maxConcurrent: 0, maxQueued: 0, sendTimeoutMs: 1000 });
  let entered = 0;
  for (let i = 0; i < 10; i++) admission.admit()?.turn(() => entered++);
  assert.equal(entered, 10);
});

test('a limited number enters, some wait in order, the rest is turned away (contract 11.1, storm control)', () => {
  const admission = createAdmission({ maxConcurrent: 2, maxQueued: 2, sendTimeoutMs: 10_000 });
  const entered: number[] = [];
  const leave: (() => void)[] = [];
  const come = (n: number) => {
    const ticket = admission.admit();
    ticket?.turn((done) => {
      entered.push(n);
      leave.push(done);
    });
    return ticket !== undefined;
  };
  assert.deepEqual([1, 2, 3, 4, 5].map(come), [true, true, true, true, false]);
  assert.deepEqual(entered, [1, 2]);
  leave[0]!();
  leave[0]!();
  assert.deepEqual(entered, [1, 2, 3], 'leaving twice frees one place');
  leave[1]!();
  assert.deepEqual(entered, [1, 2, 3, 4]);
  for (const done of leave) done();
});

test('who goes away while waiting does not hold a place', () => {
  const admission = createAdmission({ maxConcurrent: 1, maxQueued: 1, sendTimeoutMs: 10_000 });
  const first = admission.admit()!;
  const second = admission.admit()!;
  assert.equal(admission.admit(), undefined);
  let entered = false;
  second.turn(() => {
    entered = true;
  });
  second.cancel();
  first.cancel();
  assert.equal(entered, false);
  let third = false;
  admission.admit()?.turn(() => {
    third = true;
  });
  assert.ok(third);
});

test('a client that hardly reads gives its place up long before, one that reads keeps it', async () => {
  const admission = createAdmission({ maxConcurrent: 2, maxQueued: 2, sendTimeoutMs: 60_000, stallMs: 10 });
  let left = 1e9;
  const reading = () => {
    left -= 1e6;
    return left;
  };
  admission.admit()!.turn(() => {}, reading);
  admission.admit()!.turn(
    () => {},
    () => 1_000_000,
  );
  const entered: number[] = [];
  admission.admit()!.turn(() => entered.push(1), reading);
  admission.admit()!.turn(() => entered.push(2));
  const alive = setInterval(() => {}, 10);
  await eventually(() => assert.deepEqual(entered, [1]));
  clearInterval(alive);
  assert.equal(admission.admit() === undefined, false, 'the place in the queue is free');
});

test('a client that never reads its payload gives its place up after a while', async () => {
  const admission = createAdmission({ maxConcurrent: 1, maxQueued: 1, sendTimeoutMs: 20 });
  admission.admit()!.turn(() => {});
  let entered = false;
  admission.admit()!.turn(() => {
    entered = true;
  });
  // The timer that frees the place does not keep a process alive; this test does.
  const alive = setInterval(() => {}, 10);
  await eventually(() => assert.ok(entered));
  clearInterval(alive);
});

test('who waited is told so', () => {
  const admission = createAdmission({ maxConcurrent: 1, maxQueued: 1, sendTimeoutMs: 10_000 });
  const entered: boolean[] = [];
  const leave: (() => void)[] = [];
  for (let n = 0; n < 2; n++) {
    admission.admit()!.turn((done, waited) => {
      entered.push(waited);
      leave.push(done);
    });
  }
  leave[0]!();
  assert.deepEqual(entered, [false, true]);
  leave[1]!();
});
