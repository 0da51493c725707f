import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InstanceStatus } from '@flagrelay/crds';
import { createFakeClock } from '@flagrelay/kube/testing/fake-clock';
import { ago, report } from '../testing/test-snapshot.ts';
import type { PollAnswer } from './ask-pod.ts';
import { createRounds } from './rounds.ts';

const PERIOD = 30_000;
const own = (change: Partial<InstanceStatus> = {}) => report('a', { lastReportTime: ago(500), ...change });
const answered = (item: InstanceStatus): PollAnswer => {
  const { lastReportTime: _time, ...rest } = item;
  return { result: 'answered', item: rest };
};

function setUp(t: { after(fn: () => void): void }, pods = 1) {
  const clock = createFakeClock();
  const state = { item: own() as InstanceStatus | undefined, answer: answered(own()) };
  const stopped: InstanceStatus[] = [];
  let asked = 0;
  const stop = new AbortController();
  t.after(() => stop.abort());
  const target = (index: number) => ({
    key: 'team/demo',
    pod: { name: 'pod-a', uid: `uid-${index}`, address: '10.0.0.1', port: 8031 },
    item: () => state.item,
  });
  const rounds = createRounds({
    targets: () => Array.from({ length: pods }, (_, index) => target(index)),
    ask: async () => {
      asked += 1;
      return state.answer;
    },
    clock,
    periodMs: PERIOD,
    answered: () => undefined,
    stopped: (_key, item) => stopped.push(item),
    random: () => 0.5,
  });
  void rounds.run(stop.signal);
  return { state, stopped, turn: (count = 1) => clock.advance(PERIOD * count + 200), asked: () => asked };
}

test('a pod whose report still holds is asked once a round, and nothing comes of it', async (t) => {
  const { stopped, turn, asked } = setUp(t);
  await turn(4);
  assert.ok(asked() >= 3 && asked() <= 5, String(asked()));
  assert.deepEqual(stopped, []);
});

test('one answer that says why reports do not get through is enough', async (t) => {
  const { state, stopped, turn } = setUp(t);
  state.answer = answered(own({ ready: false, reportProblem: 'TokenRefused' }));
  await turn();
  assert.deepEqual(stopped, [state.item]);
});

test('without that, two in a row that differ from the same report', async (t) => {
  const { state, stopped, turn } = setUp(t);
  state.answer = answered(own({ ready: false }));
  await turn();
  assert.deepEqual(stopped, [], 'a report may be on its way');
  state.item = own({ ready: false, lastReportTime: ago(5) });
  await turn();
  state.answer = answered(own({ connectedEnvironments: 0 }));
  await turn();
  assert.deepEqual(stopped, []);
  await turn();
  assert.equal(stopped.length, 1);
});

test('a pod that does not answer is asked less and less often, and is no news', async (t) => {
  const { state, stopped, turn, asked } = setUp(t);
  state.answer = { result: 'timeout', problem: 'does not answer in time' };
  await turn(20);
  assert.ok(asked() < 6, String(asked()));
  assert.deepEqual(stopped, []);
});

test('an item that the operator wrote is the business of the poller', async (t) => {
  const { state, stopped, turn } = setUp(t);
  state.item = report('a', { polledTime: ago(30) });
  state.answer = answered(own({ reportProblem: 'Forbidden' }));
  await turn(2);
  assert.deepEqual(stopped, []);
});

test('however many pods there are, ten a second are asked', async (t) => {
  const { turn, asked } = setUp(t, 2000);
  await turn();
  assert.ok(asked() <= 303, String(asked()));
});
