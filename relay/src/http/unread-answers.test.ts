import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import { UnreadAnswers } from './unread-answers.ts';

const TAKER = { owner: {}, isPublic: false };

/** An answer of which so many bytes have not left. */
function answer(left: number) {
  const response = new EventEmitter() as EventEmitter & { socket: object };
  let destroyed = false;
  response.socket = {
    writableLength: left,
    destroy: () => {
      destroyed = true;
      response.emit('close');
    },
  };
  return {
    response: response as unknown as ServerResponse,
    cut: () => destroyed,
    leave: () => response.emit('close'),
  };
}

test('above the limit those are cut that have waited longest', () => {
  let cut = 0;
  const unread = new UnreadAnswers(100, () => cut++);
  const answers = [answer(40), answer(40), answer(40), answer(90)];
  for (const { response } of answers.slice(0, 3)) unread.add(response, 'text', TAKER);
  assert.deepEqual([answers.map((one) => one.cut()), unread.used, cut], [[true, false, false, false], 80, 1]);
  unread.add(answers[3]!.response, 'text', TAKER);
  assert.deepEqual([answers.map((one) => one.cut()), unread.used, cut], [[true, true, true, false], 90, 3]);
});

test('what has left is not counted any more', () => {
  const unread = new UnreadAnswers(100, () => assert.fail('cut'));
  for (let count = 0; count < 10; count++) {
    const { response, leave } = answer(90);
    unread.add(response, 'text', TAKER);
    leave();
    assert.equal(unread.used, 0);
  }
});

test('a body that many share counts once, until the last of them has left', () => {
  const unread = new UnreadAnswers(100, () => assert.fail('cut'));
  const body = Buffer.alloc(90);
  const answers = Array.from({ length: 10 }, () => answer(90));
  for (const { response } of answers) unread.add(response, body, TAKER);
  assert.equal(unread.used, 90);
  for (const { leave } of answers.slice(1)) leave();
  assert.equal(unread.used, 90);
  answers[0]!.leave();
  assert.equal(unread.used, 0);
});

test('one that is larger than the limit goes out by itself', () => {
  const unread = new UnreadAnswers(100, () => assert.fail('cut'));
  const { response, leave } = answer(1000);
  unread.add(response, 'text', TAKER);
  assert.equal(unread.used, 1000);
  leave();
  assert.equal(unread.used, 0);
});

test('those of the environment that takes most are cut, and never more than those', () => {
  const unread = new UnreadAnswers(1000, () => {});
  const neighbour = { owner: {}, isPublic: false };
  const oldest = answer(200);
  unread.add(oldest.response, 'text', neighbour);
  const greedy = Array.from({ length: 50 }, () => answer(100));
  for (const { response } of greedy) unread.add(response, 'text', TAKER);
  assert.equal(oldest.cut(), false);
  assert.equal(greedy.filter((one) => one.cut()).length, 42);
  assert.equal(unread.used, 1000);
});

test('those with the public keys of all environments have three quarters together', () => {
  const unread = new UnreadAnswers(1000, () => {});
  const neighbour = answer(240);
  unread.add(neighbour.response, 'text', { owner: {}, isPublic: false });
  const strangers = Array.from({ length: 40 }, () => answer(100));
  for (const { response } of strangers) unread.add(response, 'text', { owner: {}, isPublic: true });
  assert.equal(neighbour.cut(), false);
  assert.equal(unread.used, 940);
});

test('those of an environment with an SDK key and with public keys are counted apart', () => {
  const unread = new UnreadAnswers(1000, () => {});
  const owner = {};
  const server = answer(240);
  unread.add(server.response, 'text', { owner, isPublic: false });
  for (let count = 0; count < 20; count++) unread.add(answer(100).response, 'text', { owner, isPublic: true });
  assert.equal(server.cut(), false);
});
