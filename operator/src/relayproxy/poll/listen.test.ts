import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InstanceStatus } from '@flagrelay/crds';
import { createFakeClock } from '@flagrelay/kube/testing/fake-clock';
import type { RestClient } from '../../runtime/rest-types.ts';
import type { RawRelayProxy } from '../resources/kubernetes-types.ts';
import type { PodFacts } from '../status/snapshot.ts';
import { ago, healthy, pod, report } from '../testing/test-snapshot.ts';
import type { PollAnswer } from './ask-pod.ts';
import { createListener } from './listen.ts';
import { createPoller } from './poller.ts';

const { signal } = new AbortController();
const own = report('a', { lastReportTime: ago(500) });
const refused: PollAnswer = {
  result: 'answered',
  item: report('a', { ready: false, reportProblem: 'TokenRefused' }),
};

function setUp(answer: PollAnswer, facts: Partial<PodFacts> = {}) {
  const applied: InstanceStatus[][] = [];
  const asked: string[] = [];
  const client = {
    apply: async (_type: unknown, object: RawRelayProxy) => void applied.push([...(object.status?.instances ?? [])]),
  } as unknown as RestClient;
  const poller = createPoller({
    clock: createFakeClock(),
    ask: async ({ name }) => {
      asked.push(name);
      return answer;
    },
    answered: () => undefined,
  });
  const listener = createListener(client, poller);
  const listen = async (item: InstanceStatus) => {
    const snapshot = healthy({ pods: [pod('a', { address: '10.0.0.1', ...facts })], instances: [item] });
    const raw = { metadata: { name: 'demo', namespace: 'team' }, status: { instances: [item] } };
    const heard = await listener.listen('team/demo', raw, snapshot, signal);
    await new Promise(setImmediate);
    return heard;
  };
  return { listener, listen, applied, asked };
}

test('a report that holds costs neither a question nor a write', async () => {
  const t = setUp(refused);
  assert.deepEqual((await t.listen(own)).silent, []);
  assert.deepEqual([t.asked, t.applied], [[], []]);
});

test('a report that turned out not to hold is asked for, written in its place, and told with why', async () => {
  const t = setUp(refused);
  t.listener.stopped('team/demo', own);
  await t.listen(own);
  const { silent, happenings, instances } = await t.listen(own);
  assert.deepEqual(t.asked, ['pod-a']);
  assert.equal(silent[0]?.cause, 'TokenRefused');
  assert.match(happenings[0]?.note ?? '', /pod-a \(the API server refuses the token/);
  assert.deepEqual([instances[0]?.ready, instances[0]?.reportProblem], [false, 'TokenRefused']);
  assert.ok(t.applied[0]?.[0]?.polledTime);
});

test('the next report of the pod ends that', async () => {
  const t = setUp(refused);
  t.listener.stopped('team/demo', own);
  assert.deepEqual((await t.listen({ ...own, lastReportTime: ago(1) })).silent, []);
  assert.deepEqual(t.asked, []);
});

test('a pod in the network of its node is told, and never asked', async () => {
  const t = setUp(refused, { hostNetwork: true });
  t.listener.stopped('team/demo', own);
  const { silent } = await t.listen(own);
  assert.deepEqual(t.asked, []);
  assert.match(silent[0]?.problem ?? '', /network of its node/);
});

test('of a pod that cannot be asked no more is said than that', async () => {
  const t = setUp({ result: 'unreachable', problem: 'cannot be reached (ECONNREFUSED)' });
  t.listener.stopped('team/demo', own);
  await t.listen(own);
  const { silent, happenings } = await t.listen(own);
  assert.doesNotMatch(JSON.stringify([silent, happenings]), /ECONNREFUSED|reached/);
  assert.match(happenings[0]?.note ?? '', /gives no answer that the operator can use/);
});
