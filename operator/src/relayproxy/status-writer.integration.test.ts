import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createFakeClock } from '@flagrelay/kube/testing/fake-clock';
import { openTestCluster, type TestCluster } from '../runtime/testing/cluster.ts';
import { removeDeadInstances } from './instances.ts';
import { type RawRelayProxy, types } from './resources/kubernetes-types.ts';
import { computeStatus } from './status/status.ts';
import { createStatusWriter } from './status-writer.ts';
import { applyCrd } from './testing/test-operator.ts';
import { healthy, report } from './testing/test-snapshot.ts';

let cluster: TestCluster;
before(async () => {
  cluster = await openTestCluster();
  await applyCrd(cluster.client);
});
after(() => cluster?.close());

const { signal } = new AbortController();
const ref = (name: string) => ({ name, namespace: cluster.namespace });

async function create(name: string): Promise<RawRelayProxy> {
  const spec = { environments: [{ name: 'production', sdkKeyRef: { name: 'keys', key: 'sdk' } }] };
  return cluster.client.apply(types.relayProxy, { metadata: ref(name), spec } as RawRelayProxy, { force: true });
}

const statusOf = (ready: number) => computeStatus(healthy({ deployment: { ...healthy().deployment!, ready } })).status;

test('a status is written once, even while the cache does not show it yet', async () => {
  const writer = createStatusWriter(cluster.client, createFakeClock());
  const stale = await create('once');
  assert.equal(await writer.write(stale, statusOf(3), signal), 'written');
  assert.equal(await writer.write(stale, statusOf(3), signal), 'unchanged');
  assert.equal(writer.current(stale).readyReplicas, 3);
  const fresh = await cluster.client.get(types.relayProxy, ref('once'));
  assert.equal(await writer.write(fresh, statusOf(3), signal), 'unchanged');
  assert.equal(
    await createStatusWriter(cluster.client, createFakeClock()).write(fresh, statusOf(3), signal),
    'unchanged',
  );
});

test('small news waits for two seconds, great news does not', async () => {
  const clock = createFakeClock();
  const writer = createStatusWriter(cluster.client, clock);
  const raw = await create('spaced');
  assert.equal(await writer.write(raw, statusOf(3), signal), 'written');
  await clock.advance(400);
  assert.deepEqual(await writer.write(raw, statusOf(2), signal), { waitMs: 1600 });
  assert.equal(await writer.write(raw, statusOf(0), signal), 'written', 'Ready became False');
  await clock.advance(2000);
  assert.equal(await writer.write(raw, statusOf(1), signal), 'written');
});

test('news of a rollout come at growing distances, and soon again once it has ended', async () => {
  const clock = createFakeClock();
  const writer = createStatusWriter(cluster.client, clock);
  const raw = await create('rolling');
  const updated = (count: number) => ({ ...statusOf(3), updatedReplicas: count });
  await writer.write(raw, updated(0), signal);
  for (const [index, waitMs] of [2000, 4000, 8000, 8000].entries()) {
    assert.deepEqual(await writer.write(raw, updated(index + 1), signal), { waitMs }, `write ${index}`);
    await clock.advance(waitMs);
    assert.equal(await writer.write(raw, updated(index + 1), signal), 'written');
  }
  await clock.advance(61_000);
  assert.equal(await writer.write(raw, updated(0), signal), 'written');
  assert.deepEqual(await writer.write(raw, updated(1), signal), { waitMs: 2000 });
});

test('that work has begun on a new object is told after two seconds, trouble at once', async () => {
  const clock = createFakeClock();
  const writer = createStatusWriter(cluster.client, clock);
  const raw = await create('new');
  const begun = computeStatus(healthy({ pods: [], instances: [], deployment: undefined })).status;
  assert.deepEqual(await writer.write(raw, begun, signal), { waitMs: 2000 });
  await clock.advance(600);
  assert.deepEqual(await writer.write(raw, begun, signal), { waitMs: 1400 });
  const problems = [{ reason: 'QuotaExceeded', message: 'exceeded quota' }] as const;
  const failed = computeStatus(healthy({ pods: [], instances: [], outcome: { kind: 'failed', problems } })).status;
  assert.equal(await writer.write(raw, failed, signal), 'written');
});

test('a status of a deleted object is no error', async () => {
  const raw: RawRelayProxy = { metadata: { ...ref('gone'), uid: 'gone' } };
  assert.equal(
    await createStatusWriter(cluster.client, createFakeClock()).write(raw, statusOf(3), signal),
    'unchanged',
  );
});

test('reports of dead pods are removed, but only from the list that was looked at', async () => {
  await create('dead');
  for (const zone of ['a', 'b', 'c']) {
    const status = { instances: [report(zone)] };
    const options = { subresource: 'status', fieldManager: `flagrelay/pod-${zone}`, force: true };
    await cluster.client.apply(types.relayProxy, { metadata: ref('dead'), status } as RawRelayProxy, options);
  }
  const read = async () => (await cluster.client.get(types.relayProxy, ref('dead'))).status?.instances ?? [];
  const instances = await read();
  const alive = new Set(['uid-pod-b']);
  const request = { relayProxy: ref('dead'), instances, alive, signal };
  assert.equal(await removeDeadInstances(cluster.client, request), true);
  assert.deepEqual(
    (await read()).map(({ name }) => name),
    ['pod-b'],
  );
  assert.equal(await removeDeadInstances(cluster.client, request), false, 'the list is another one now');
});
