import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  ApiError,
  conflictingManagers,
  FencedError,
  isAlreadyExists,
  isConflict,
  isExpired,
  isInvalid,
  isNotFound,
  isTerminal,
  TransportError,
} from '@flagrelay/kube/api-error';
import { systemClock } from '@flagrelay/kube/clock';
import type { PooledKubeConfig } from './kube-config.ts';
import type { KubernetesObject, ResourceType } from './objects.ts';
import { openTestCluster, type TestCluster, testClient } from './testing/cluster.ts';
import { type FaultProxy, startFaultProxy } from './testing/fault-proxy.ts';
import { type ConfigMap, configMaps } from './testing/fixtures.ts';
import { startTcpProxy } from './testing/tcp-proxy.ts';

interface Scalable extends KubernetesObject {
  spec?: { replicas?: number; paused?: boolean; selector?: object; template?: object };
}
const deployments: ResourceType<Scalable> = {
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  plural: 'deployments',
  namespaced: true,
};

let cluster: TestCluster;
before(async () => {
  cluster = await openTestCluster();
});
after(() => cluster?.close());

const map = (name: string, data?: Record<string, string>): ConfigMap => ({
  metadata: { name, namespace: cluster.namespace },
  ...(data && { data }),
});
const ref = (name: string) => ({ name, namespace: cluster.namespace });

describe('REST client', () => {
  it('creates, reads, replaces, patches and deletes', async () => {
    const { client } = cluster;
    const created = await client.create(configMaps, map('crud', { a: '1' }));
    await assert.rejects(client.create(configMaps, map('crud')), isAlreadyExists);
    await client.replace(configMaps, { ...created, data: { a: '2' } });
    await assert.rejects(client.replace(configMaps, { ...created, data: { a: '3' } }), isConflict);
    await client.patch(configMaps, ref('crud'), { type: 'merge', body: { data: { b: '1' } } });
    const test = { op: 'test', path: '/data/a', value: 'other' } as const;
    await assert.rejects(client.patch(configMaps, ref('crud'), { type: 'json', operations: [test] }), isInvalid);
    const operations = [{ op: 'replace', path: '/data/a', value: '4' } as const];
    await client.patch(configMaps, ref('crud'), { type: 'json', operations });
    assert.deepEqual((await client.get(configMaps, ref('crud'))).data, { a: '4', b: '1' });
    assert.equal(await client.delete(configMaps, ref('crud')), true);
    assert.equal(await client.delete(configMaps, ref('crud')), false);
    await assert.rejects(client.get(configMaps, ref('crud')), isNotFound);
  });

  it('applies without changing what is the same, and names the manager it conflicts with', async () => {
    const { client } = cluster;
    const first = await client.apply(configMaps, map('applied', { a: '1' }));
    const again = await client.apply(configMaps, map('applied', { a: '1' }));
    assert.equal(again.metadata?.resourceVersion, first.metadata?.resourceVersion);
    const other = client.apply(configMaps, map('applied', { a: '2' }), { fieldManager: 'other' });
    await assert.rejects(other, (error) => isConflict(error) && conflictingManagers(error)[0] === 'runtime-test');
    const forced = await client.apply(configMaps, map('applied', { a: '2' }), { fieldManager: 'other', force: true });
    assert.equal(forced.data?.a, '2');
  });

  it('deletes only the object it was told to', async () => {
    const { client } = cluster;
    await cluster.write('kept');
    await assert.rejects(client.delete(configMaps, ref('kept'), { preconditions: { uid: 'another' } }), isConflict);
    assert.ok(await client.get(configMaps, ref('kept')));
  });

  it('reads all pages, and gives each item its kind', async () => {
    for (const name of ['page-1', 'page-2', 'page-3', 'page-4', 'page-5']) await cluster.write(name, { page: name });
    const labelled = { namespace: cluster.namespace, pageSize: 2 };
    const { items, resourceVersion } = await cluster.client.list(configMaps, labelled);
    assert.equal(items.filter(({ data }) => data?.page).length, 5);
    assert.ok(items.every(({ kind, apiVersion }) => kind === 'ConfigMap' && apiVersion === 'v1'));
    assert.match(resourceVersion, /^\d+$/);
  });

  it('refuses a field that the server does not know', async () => {
    const typo = { ...map('typo'), dta: {} } as ConfigMap;
    await assert.rejects(
      cluster.client.create(configMaps, typo),
      (error) => isTerminal(error) && /unknown field/.test(`${error}`),
    );
    await assert.rejects(cluster.client.apply(configMaps, typo), isTerminal);
  });

  it('reads and writes subresources', async () => {
    const labels = { app: 'scale' };
    const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'none.invalid/none' }] } };
    const spec = { replicas: 2, paused: true, selector: { matchLabels: labels }, template };
    await cluster.client.create(deployments, { metadata: ref('scaled'), spec });
    const scale = await cluster.client.get(deployments, ref('scaled'), {
      subresource: 'scale',
    });
    assert.equal(scale.spec?.replicas, 2);
  });

  it('says what the server serves', async () => {
    assert.equal(await cluster.client.serves(deployments), true);
    assert.equal(await cluster.client.serves({ ...deployments, plural: 'nothings', kind: 'Nothing' }), false);
    assert.equal(await cluster.client.serves({ ...deployments, group: 'absent.example' }), false);
  });

  it('refuses a write when its fence says so, and bounds its time by the fence', async () => {
    let held = true;
    const fenced = cluster.client.fenced(
      () => held,
      () => 5_000,
    );
    await fenced.apply(configMaps, map('fenced', { a: '1' }));
    held = false;
    await assert.rejects(fenced.apply(configMaps, map('fenced', { a: '2' })), FencedError);
    assert.equal((await fenced.get(configMaps, ref('fenced'))).data?.a, '1');
  });
});

describe('REST client over a bad connection', () => {
  let proxy: FaultProxy;
  let config: PooledKubeConfig;
  before(async () => {
    proxy = await startFaultProxy(cluster.kubeConfig);
    config = proxy.kubeConfig();
  });
  after(async () => {
    await config?.close();
    await proxy?.close();
  });
  const count = (from: number) => proxy.requests.length - from;

  it('waits for Retry-After of a 429 and goes on', async () => {
    proxy.inject({ when: () => true, fault: { kind: 'status', code: 429, headers: { 'retry-after': '1' } }, times: 2 });
    const from = proxy.requests.length;
    assert.ok(await testClient(config).apply(configMaps, map('throttled')));
    assert.equal(count(from), 3);
  });

  it('does not wait longer than its deadline, and says how long it was to wait', async () => {
    proxy.inject({
      when: () => true,
      fault: { kind: 'status', code: 503, headers: { 'retry-after': '60' } },
      times: 1,
    });
    await assert.rejects(
      testClient(config).list(configMaps),
      (error) => error instanceof ApiError && error.code === 503 && error.retryAfterMs === 60_000,
    );
  });

  it('reads its credentials again after one 401, and once only', async () => {
    proxy.inject({ when: () => true, fault: { kind: 'status', code: 401 }, times: 3 });
    const from = proxy.requests.length;
    await assert.rejects(
      testClient(config).list(configMaps),
      (error) => error instanceof ApiError && error.code === 401,
    );
    assert.equal(count(from), 2);
    assert.ok(await testClient(config).list(configMaps));
  });

  it('repeats a read whose connection was reset, but not a write', async () => {
    proxy.inject({ when: () => true, fault: { kind: 'reset' }, times: 2 });
    assert.ok(await testClient(config).list(configMaps));
    proxy.inject({ when: () => true, fault: { kind: 'reset' }, times: 1 });
    const from = proxy.requests.length;
    await assert.rejects(
      testClient(config).create(configMaps, map('reset')),
      (error) => error instanceof TransportError && error.kind === 'connection',
    );
    assert.equal(count(from), 1);
  });

  it('ends with its deadline when no answer comes', async () => {
    proxy.inject({ when: () => true, fault: { kind: 'stall' }, times: 1 });
    await assert.rejects(
      testClient(config, 300).list(configMaps),
      (error) => error instanceof TransportError && error.kind === 'deadline',
    );
  });

  it('ends with its signal', async () => {
    proxy.inject({ when: () => true, fault: { kind: 'stall' }, times: 1 });
    const signal = AbortSignal.timeout(50);
    await assert.rejects(
      testClient(config).list(configMaps, { signal }),
      (error) => error instanceof TransportError && error.kind === 'aborted',
    );
  });

  it('throws the 410 that comes inside a watch', async () => {
    const status = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' };
    const text = `${JSON.stringify({ type: 'ERROR', object: status })}\n`;
    proxy.inject({ when: ({ watch }) => watch, fault: { kind: 'body', text }, times: 1 });
    const signal = AbortSignal.timeout(30_000);
    const watch = testClient(config).watch(configMaps, { signal, timeoutSeconds: 5, inactivityMs: 29_000 });
    await assert.rejects(async () => {
      for await (const _event of watch) assert.fail('an event came');
    }, isExpired);
  });

  it('names no body in the error for an answer that is no Status', async () => {
    proxy.inject({ when: () => true, fault: { kind: 'body', text: '<html>secret' }, times: 1 });
    await assert.rejects(
      testClient(config).list(configMaps),
      (error) => error instanceof TransportError && error.kind === 'protocol' && !error.message.includes('secret'),
    );
  });
});

describe('connections', () => {
  for (const allowH2 of [true, false]) {
    it(`are shared by all calls over HTTP/${allowH2 ? 2 : 1.1} (#2893)`, async (t) => {
      const proxy = await startTcpProxy(cluster.kubeConfig);
      t.after(() => proxy.close());
      const config = proxy.kubeConfig({ allowH2 });
      t.after(() => config.close());
      const client = testClient(config);
      for (let i = 0; i < 50; i += 1) await client.getText('/version');
      assert.ok(proxy.accepted <= (allowH2 ? 1 : 5), `${proxy.accepted} connections`);
      await Promise.all(Array.from({ length: 20 }, () => client.getText('/version')));
      assert.ok(proxy.accepted <= (allowH2 ? 1 : 25), `${proxy.accepted} connections`);
    });
  }

  it('that fell silent are replaced after one deadline, streams and all', async (t) => {
    const proxy = await startTcpProxy(cluster.kubeConfig);
    t.after(() => proxy.close());
    let skewMs = 0;
    const clock = { ...systemClock, now: () => performance.now() + skewMs };
    const config = proxy.kubeConfig({ clock });
    t.after(() => config.close());
    const client = testClient(config, 30_000);
    await client.getText('/version');
    skewMs = 11_000; // the connection is old enough to be suspected
    proxy.freeze();
    await assert.rejects(
      client.getText('/version', { deadlineMs: 500 }),
      (error) => error instanceof TransportError && error.kind === 'deadline',
    );
    assert.match(await client.getText('/version'), /gitVersion/);
    assert.equal(proxy.accepted, 2);
  });

  it('do not carry a write that was decided before a freeze: the fence is asked when bytes are written', async (t) => {
    const proxy = await startTcpProxy(cluster.kubeConfig);
    t.after(() => proxy.close());
    proxy.delayNew(300);
    const config = proxy.kubeConfig();
    t.after(() => config.close());
    let held = true;
    const writing = testClient(config)
      .fenced(() => held)
      .apply(configMaps, map('late'));
    held = false; // lost while the connection is being made
    await assert.rejects(writing, FencedError);
    await assert.rejects(cluster.client.get(configMaps, ref('late')), isNotFound);
  });
});
