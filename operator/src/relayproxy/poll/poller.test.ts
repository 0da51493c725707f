import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '@flagrelay/kube/testing/fake-clock';
import { report } from '../testing/test-snapshot.ts';
import { NO_ANSWER, type PollAnswer, type PollTarget } from './ask-pod.ts';
import { createPoller } from './poller.ts';

const target = (name: string): PollTarget => ({ name, uid: name, address: '10.0.0.1', port: 8031 });
const good: PollAnswer = { result: 'answered', item: report('a') };
const bad: PollAnswer = { result: 'timeout', problem: 'does not answer in time' };

function setUp() {
  const clock = createFakeClock();
  const asked: string[] = [];
  const told: string[] = [];
  const pending: ((answer: PollAnswer) => void)[] = [];
  const poller = createPoller({
    clock,
    random: () => 0.5,
    ask: ({ name }) => {
      asked.push(name);
      return new Promise((resolve) => pending.push(resolve));
    },
    answered: (key, { result }) => told.push(`${key} ${result}`),
  });
  const reply = async (answer: PollAnswer) => {
    pending.shift()?.(answer);
    await new Promise(setImmediate);
  };
  return { clock, asked, told, poller, reply };
}

test('a pod is asked once, and again a minute after its answer', async () => {
  const { clock, asked, told, poller, reply } = setUp();
  assert.deepEqual([...poller.look('ns/a', [target('p')]).byUid.values()][0]?.item, undefined);
  poller.look('ns/a', [target('p')]);
  assert.deepEqual(asked, ['p'], 'not while it is being asked');
  await reply(good);
  assert.deepEqual(told, ['ns/a answered']);
  const known = poller.look('ns/a', [target('p')]);
  assert.equal(known.nextInMs, 60_000);
  assert.equal(known.byUid.get('p')?.item?.name, 'pod-a');
  await clock.advance(60_000);
  poller.look('ns/a', [target('p')]);
  assert.deepEqual(asked, ['p', 'p']);
});

test('a pod that does not answer is asked less and less often, and what it said before is kept', async () => {
  const { clock, poller, reply } = setUp();
  poller.look('ns/a', [target('p')]);
  await reply(good);
  for (const expected of [120_000, 240_000, 480_000, 600_000, 600_000]) {
    await clock.advance(700_000);
    poller.look('ns/a', [target('p')]);
    await reply(bad);
    const { byUid, nextInMs } = poller.look('ns/a', [target('p')]);
    assert.equal(nextInMs, expected);
    assert.deepEqual([byUid.get('p')?.item?.name, byUid.get('p')?.problem], ['pod-a', NO_ANSWER]);
  }
});

test('eight pods are asked at a time, whoever they belong to, and pods that nobody asks for any more are not', async () => {
  const { asked, poller, reply } = setUp();
  poller.look(
    'ns/a',
    Array.from({ length: 7 }, (_, index) => target(`a${index}`)),
  );
  poller.look('ns/b', [target('b0'), target('b1')]);
  poller.look('ns/c', [target('c0')]);
  assert.equal(asked.length, 8);
  poller.look('ns/b', [target('b0')]);
  poller.forget('ns/c');
  await reply(good);
  assert.equal(asked.length, 8);
  assert.ok(!asked.includes('b1') && !asked.includes('c0'));
});
