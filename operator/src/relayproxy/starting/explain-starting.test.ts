import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '@flagrelay/kube/api-error';
import { createFakeClock } from '@flagrelay/kube/testing/fake-clock';
import type { RestClient } from '../../runtime/rest-types.ts';
import { recordingLogger } from '../../runtime/testing/fixtures.ts';
import type { ClusterEvent } from '../resources/kubernetes-types.ts';
import { testRelayProxy } from '../testing/test-relay-proxy.ts';
import { pod } from '../testing/test-snapshot.ts';
import { createStartExplainer, waitingFrom } from './explain-starting.ts';

const relayProxy = testRelayProxy({ tls: { secretRef: { name: 'web' } } });
const { signal } = new AbortController();
const event = (reason: string, note: string, at: string): ClusterEvent => ({
  ...{ reason, note, type: 'Warning', deprecatedLastTimestamp: at },
});
const failed = event(
  'FailedMount',
  'MountVolume.SetUp failed for volume "tls" : secret "web" not found',
  '2026-01-01T00:00:01Z',
);

function setUp(answer: () => readonly ClusterEvent[]) {
  const clock = createFakeClock();
  const logger = recordingLogger();
  const asked: string[] = [];
  const client = {
    list: async (_type: unknown, options: { fieldSelector?: string }) => {
      asked.push(options.fieldSelector ?? '');
      return { items: [...answer()], resourceVersion: '1' };
    },
  } as unknown as Pick<RestClient, 'list'>;
  const explainer = createStartExplainer({ client, clock, logger });
  const starting = pod('a', { ready: false, startingSince: clock.wallNow() });
  const look = () => explainer.explain(relayProxy, [starting, pod('b')], signal);
  return { clock, logger, asked, look };
}

test('a pod that starts as usual is nobody asked about; one that does not is told with what it misses', async () => {
  const t = setUp(() => [failed]);
  assert.deepEqual((await t.look()).recheckAfterMs, 3000);
  assert.deepEqual(t.asked, []);
  await t.clock.advance(3000);
  const { pods, recheckAfterMs } = await t.look();
  assert.deepEqual(t.asked, ['regarding.uid=uid-pod-a,type=Warning']);
  assert.equal(recheckAfterMs, 5000);
  assert.equal(pods[0]?.waiting?.words, 'Secret "web" (`spec.tls.secretRef`) is not there');
  assert.equal(pods[1]?.waiting, undefined);
});

test('Events are looked at less and less often, and what they said holds while the pod does not start', async () => {
  let events: ClusterEvent[] = [failed];
  const t = setUp(() => events);
  await t.clock.advance(3000);
  await t.look();
  events = [];
  await t.look();
  assert.equal(t.asked.length, 1, 'not before the pause is over');
  await t.clock.advance(5000);
  const { pods, recheckAfterMs } = await t.look();
  assert.equal(t.asked.length, 2);
  assert.equal(recheckAfterMs, 10_000);
  assert.equal(pods[0]?.waiting?.reason, 'FailedMount');
});

test('Events that may not be read leave the pod without a reason, and that is logged once', async () => {
  const forbidden = new ApiError({ request: 'GET events', code: 403, reason: 'Forbidden', message: 'no' });
  const t = setUp(() => {
    throw forbidden;
  });
  for (let i = 0; i < 3; i++) {
    await t.clock.advance(60_000);
    assert.equal((await t.look()).pods[0]?.waiting, undefined);
  }
  assert.equal(t.logger.lines.length, 1);
});

test('words that name what is missing stand above newer ones that do not', () => {
  const vague = event('FailedMount', 'Unable to attach or mount volumes: timed out', '2026-01-01T00:02:00Z');
  assert.equal(waitingFrom([vague, failed], relayProxy)?.missing?.reason, 'SecretNotFound');
  assert.deepEqual(waitingFrom([vague], relayProxy), { reason: 'FailedMount', words: vague.note });
  assert.equal(waitingFrom([event('Unhealthy', 'x', '2026-01-01T00:00:00Z')], relayProxy), undefined);
});
