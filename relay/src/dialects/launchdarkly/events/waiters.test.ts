import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createWaiters } from './waiters.ts';

const LONG = 60_000;

describe('those who wait for room', { timeout: 30_000 }, () => {
  test('first come first served: who comes later does not overtake', async () => {
    const waiters = createWaiters();
    let room = 0;
    const served: string[] = [];
    const wait = (name: string) =>
      waiters.wait(
        () => {
          if (room === 0) return false;
          room -= 1;
          served.push(name);
          return true;
        },
        LONG,
        undefined,
      );
    const all = [wait('a'), wait('b')];
    waiters.serve();
    assert.equal(waiters.count, 2);
    room = 1;
    waiters.serve();
    assert.deepEqual([served, waiters.count], [['a'], 1]);
    room = 1;
    waiters.serve();
    assert.deepEqual(await Promise.all(all), [true, true]);
    assert.deepEqual(served, ['a', 'b']);
  });

  test('who has gone gets nothing although there is room, and those behind do', async () => {
    const waiters = createWaiters();
    let attempts = 0;
    const attempt = () => {
      attempts += 1;
      return true;
    };
    const all = [waiters.wait(attempt, LONG, () => true), waiters.wait(attempt, LONG, () => false)];
    waiters.serve();
    assert.deepEqual(await Promise.all(all), [false, true]);
    assert.equal(attempts, 1);
  });

  test('the mistake of one is its own', async () => {
    const waiters = createWaiters();
    const mistake = new Error('a mistake');
    const broken = waiters.wait(
      () => {
        throw mistake;
      },
      LONG,
      undefined,
    );
    const other = waiters.wait(() => true, LONG, undefined);
    waiters.serve();
    await assert.rejects(broken, mistake);
    assert.equal(await other, true);
  });

  test('time ends the waiting, and so does the end of all', async () => {
    const waiters = createWaiters();
    assert.equal(await waiters.wait(() => true, 1, undefined), false);
    const left = waiters.wait(() => true, LONG, undefined);
    waiters.end();
    assert.equal(await left, false);
    assert.equal(waiters.count, 0);
  });
});
