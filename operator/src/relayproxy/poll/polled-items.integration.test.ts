import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { InstanceStatus } from '@flagrelay/crds';
import { openTestCluster, type TestCluster } from '../../runtime/testing/cluster.ts';
import { type RawRelayProxy, types } from '../resources/kubernetes-types.ts';
import { applyCrd } from '../testing/test-operator.ts';
import { production } from '../testing/test-relay-proxy.ts';
import { ago, NOW, report } from '../testing/test-snapshot.ts';
import { pollManager, writePolledItems } from './polled-items.ts';

let cluster: TestCluster;
before(async () => {
  cluster = await openTestCluster();
  await applyCrd(cluster.client);
});
after(() => cluster?.close());

const { signal } = new AbortController();

async function create(name: string) {
  const ref = { name, namespace: cluster.namespace };
  const spec = { environments: [production], paused: true };
  await cluster.client.apply(types.relayProxy, { metadata: ref, spec } as RawRelayProxy, { force: true });
  const read = () => cluster.client.get(types.relayProxy, ref);
  return {
    read,
    items: async () => (await read()).status?.instances ?? [],
    managers: async () =>
      ((await read()).metadata?.managedFields ?? []).map((entry) => Reflect.get(entry as object, 'manager')),
    /** The pod reports by itself. */
    report: (item: InstanceStatus) =>
      cluster.client.apply(
        types.relayProxy,
        { metadata: ref, status: { instances: [{ ...item, lastReportTime: ago(0) }] } } as RawRelayProxy,
        { subresource: 'status', fieldManager: `flagrelay/${item.name}`, force: true },
      ),
    poll: async (...answers: InstanceStatus[]) =>
      writePolledItems(cluster.client, { raw: await read(), answers, now: NOW, signal }),
  };
}

test('what a silent pod answered is written beside the reports of others, once, and says so', async () => {
  const t = await create('silent');
  await t.report(report('a'));
  await t.poll(report('b', { unhealthy: [{ name: 'production', state: 'INTERRUPTED', lastTransitionTime: ago(5) }] }));
  const [a, b] = await t.items();
  assert.deepEqual([a?.name, a?.polledTime, a?.lastReportTime], ['pod-a', undefined, ago(0)]);
  assert.deepEqual([b?.name, b?.polledTime, b?.lastReportTime], ['pod-b', ago(0), undefined]);
  const { resourceVersion } = (await t.read()).metadata ?? {};
  await t.poll({ ...(b as InstanceStatus), connections: 99 });
  assert.equal((await t.read()).metadata?.resourceVersion, resourceVersion, 'the same answer is no write');
});

test("a pod's next report takes the item back, with all that the operator wrote in it", async () => {
  const t = await create('back');
  await t.poll(report('a', { connections: 7 }), report('b'));
  const { connections: _unknown, ...item } = report('a');
  await t.report(item);
  const [a, b] = await t.items();
  assert.deepEqual(a, { ...item, lastReportTime: ago(0) });
  assert.equal(b?.polledTime, ago(0));
  await t.poll(b as InstanceStatus);
  await t.poll();
  assert.deepEqual(
    (await t.items()).map(({ name }) => name),
    ['pod-a'],
    'what is not polled any more is let go',
  );
  assert.ok(!(await t.managers()).includes(pollManager));
});

test('a pod that reports in this moment is not written over', async () => {
  const t = await create('race');
  const stale = await t.read();
  await t.report(report('a'));
  const request = { raw: stale, answers: [report('a', { ready: false })], now: NOW, signal };
  assert.equal(await writePolledItems(cluster.client, request), undefined);
  assert.equal((await t.items())[0]?.ready, true);
});
