import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { isNotFound } from '@flagrelay/kube/api-error';
import { createFakeClock } from '@flagrelay/kube/testing/fake-clock';
import { Registry } from 'prom-client';
import type { KubernetesObject } from '../../runtime/objects.ts';
import { eventually, openTestCluster, type TestCluster } from '../../runtime/testing/cluster.ts';
import { createFleetMetrics } from '../metrics.ts';
import { type Pod, types } from '../resources/kubernetes-types.ts';
import { testRelayProxy } from '../testing/test-relay-proxy.ts';
import { ago, healthy, NOW, pod, report } from '../testing/test-snapshot.ts';
import { createHealer } from './healer.ts';

let cluster: TestCluster;
before(async () => {
  cluster = await openTestCluster();
});
after(() => cluster?.close());

const { signal } = new AbortController();
const labels = { app: 'stuck' };
const ref = (name: string) => ({ name, namespace: cluster.namespace });

/** A pod that no node runs, and that is Ready all the same; answers its UID. */
async function makePod(name: string): Promise<string> {
  const spec = { schedulingGates: [{ name: 'test/never' }], containers: [{ name: 'relay', image: 'none' }] };
  const made = await cluster.client.create(types.pod, { metadata: { ...ref(name), labels }, spec } as Pod);
  const conditions = [{ type: 'Ready', status: 'True' }];
  const body = { status: { phase: 'Running', conditions } };
  await cluster.client.patch(types.pod, ref(name), { type: 'merge', body }, { subresource: 'status' });
  return made.metadata?.uid ?? '';
}

async function isThere(name: string): Promise<boolean> {
  try {
    return (await cluster.client.get(types.pod, ref(name))).metadata?.deletionTimestamp === undefined;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

function setUp() {
  const clock = createFakeClock();
  const { restarts } = createFleetMetrics(new Registry());
  const healer = createHealer({ client: cluster.client, clock, stuckAfterMs: 300_000, restarts });
  /** Heals a fleet whose pod-a, with this UID, has been cut off for longer than allowed. */
  const heal = (uid: string, owner = 'uid-demo') => {
    const relayProxy = testRelayProxy();
    const metadata = { ...relayProxy.metadata, namespace: cluster.namespace, uid: owner };
    const old = { createdAt: NOW - 3_600_000 };
    const unhealthy = [{ name: 'production', state: 'INTERRUPTED' as const, lastTransitionTime: ago(600) }];
    const snapshot = healthy({
      relayProxy: { ...relayProxy, metadata },
      pods: [pod('a', { ...old, uid }), pod('b', old), pod('c', old)],
      instances: [report('a', { uid, unhealthy }), report('b'), report('c')],
    });
    return healer.heal(snapshot, signal);
  };
  const counted = async (result: string) =>
    (await restarts.get()).values.find(({ labels: found }) => found.result === result)?.value;
  return { heal, counted, clock };
}

test('a stuck pod is evicted, unless the disruption budget or the UID is against it; then it is left in peace', async () => {
  const { heal, counted, clock } = setUp();
  const uid = await makePod('pod-a');
  const budget = { metadata: ref('budget'), spec: { minAvailable: 1, selector: { matchLabels: labels } } };
  await cluster.client.create(types.podDisruptionBudget, budget as KubernetesObject as never);
  await eventually('the budget counts', async () => {
    const { status } = await cluster.client.get(types.podDisruptionBudget, ref('budget'));
    return status?.currentHealthy === 1 && status.disruptionsAllowed === 0;
  });
  assert.deepEqual(await heal(uid), { happenings: [], recheckAfterMs: 60_000 });
  assert.equal(await counted('refused'), 1);
  assert.equal(await isThere('pod-a'), true);

  await cluster.client.delete(types.podDisruptionBudget, ref('budget'));
  assert.deepEqual((await heal('00000000-0000-0000-0000-000000000000')).happenings, []);
  assert.equal(await counted('gone'), 1);
  assert.equal(await isThere('pod-a'), true);

  const { happenings } = await heal(uid);
  assert.deepEqual(
    happenings.map(({ type, reason }) => [type, reason]),
    [['Warning', 'InstanceStuck']],
  );
  assert.equal(await isThere('pod-a'), false);

  const next = await makePod('pod-a');
  assert.deepEqual((await heal(next)).happenings, [], 'not a second one within ten minutes, whatever the cache says');
  assert.equal(await isThere('pod-a'), true);
  await clock.advance(600_000);
  assert.equal((await heal(next)).happenings.length, 1);
});

test('five in ten minutes over all fleets, and no more', async () => {
  const { heal, counted, clock } = setUp();
  for (const owner of ['1', '2', '3', '4', '5']) {
    await eventually('the name is free', async () => !(await isThere('pod-a')));
    assert.equal((await heal(await makePod('pod-a'), owner)).happenings.length, 1);
  }
  const uid = await makePod('pod-a');
  assert.deepEqual(await heal(uid, '6'), { happenings: [], recheckAfterMs: 60_000 });
  assert.equal(await counted('over_budget'), 1);
  await clock.advance(600_000);
  assert.equal((await heal(uid, '6')).happenings.length, 1);
});
