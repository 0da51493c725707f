import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { createInformer, type InformerOptions } from './informer.ts';
import type { PooledKubeConfig } from './kube-config.ts';
import { objectKey } from './objects.ts';
import type { Informer } from './store-types.ts';
import { eventually, openTestCluster, type TestCluster, testClient } from './testing/cluster.ts';
import { type FaultProxy, startFaultProxy } from './testing/fault-proxy.ts';
import { type ConfigMap, configMaps, recordingLogger, testMetrics } from './testing/fixtures.ts';
import { startTcpProxy } from './testing/tcp-proxy.ts';

/** Retries soon, so that tests need not wait; the shape is that of production. */
const quick = { backoffBaseMs: 20, backoffMaxMs: 200 };

let cluster: TestCluster;
before(async () => {
  cluster = await openTestCluster();
});
after(() => cluster?.close());

/** Starts an informer for this test's namespace; it is stopped after the test. */
function startInformer(config: PooledKubeConfig, options: Partial<InformerOptions<ConfigMap>> = {}) {
  const stop = new AbortController();
  const seen: string[] = [];
  const informer: Informer<ConfigMap> = createInformer<ConfigMap>({
    client: testClient(config),
    type: configMaps,
    namespaces: [cluster.namespace],
    fieldSelector: 'metadata.name!=kube-root-ca.crt',
    timings: quick,
    logger: recordingLogger(),
    metrics: testMetrics(),
    ...options,
  });
  informer.onChange(({ type, object }) => seen.push(`${type} ${object.metadata?.name}`));
  const running = informer.run(stop.signal);
  return {
    informer,
    seen,
    end: async () => {
      stop.abort();
      await running;
    },
    has: (name: string) => informer.store.getByKey(`${cluster.namespace}/${name}`) !== undefined,
  };
}

describe('informer over a bad connection', () => {
  let proxy: FaultProxy;
  let config: PooledKubeConfig;
  let started: ReturnType<typeof startInformer> | undefined;

  beforeEach(async () => {
    proxy = await startFaultProxy(cluster.kubeConfig);
    config = proxy.kubeConfig();
  });
  afterEach(async () => {
    await started?.end();
    started = undefined;
    await config.close();
    await proxy.close();
    for (const { metadata } of (await cluster.client.list(configMaps, { namespace: cluster.namespace })).items) {
      await cluster.client.delete(configMaps, { name: metadata?.name ?? '', namespace: cluster.namespace });
    }
  });

  async function start(options: Partial<InformerOptions<ConfigMap>> = {}) {
    started = startInformer(config, options);
    await started.informer.waitForSync(AbortSignal.timeout(30_000));
    await eventually('a watch is open', () => proxy.openWatches === 1);
    return started;
  }
  const lists = () => proxy.requests.filter(({ watch }) => !watch).length;

  for (const streamingList of [true, false]) {
    it(`follows the server through a ${streamingList ? 'streaming' : 'paged'} list`, async () => {
      await cluster.write('before');
      const { informer, seen, has } = await start({ streamingList });
      assert.ok(has('before'));
      await cluster.write('later', { a: '1' });
      await cluster.write('later', { a: '2' });
      await cluster.client.delete(configMaps, { name: 'later', namespace: cluster.namespace });
      await eventually('all events', () => seen.length >= 4);
      assert.deepEqual(seen, ['added before', 'added later', 'updated later', 'deleted later']);
      assert.equal(informer.store.list()[0]?.metadata?.managedFields, undefined);
      assert.equal(lists(), streamingList ? 0 : 1);
    });
  }

  it('is never silent for ever: each end of a watch opens another (#364, #377, #596, #958)', async () => {
    const { has } = await start();
    for (const [index, breakIt] of [proxy.endWatches, proxy.resetWatches, proxy.cutWatches].entries()) {
      breakIt();
      await cluster.write(`after-${index}`);
      await eventually(`the write after break ${index}`, () => has(`after-${index}`));
    }
  });

  it('survives a connection reset in the middle of a watch without a new list (#1496)', async () => {
    const { seen, has } = await start({ streamingList: false });
    proxy.resetWatches();
    await cluster.write('after-reset');
    await eventually('the write', () => has('after-reset'));
    assert.equal(lists(), 1);
    assert.deepEqual(seen, ['added after-reset']);
  });

  it('survives that lists fail, at the start and after a restart (#447, #2222)', async () => {
    const isList = ({ watch }: { watch: boolean }) => !watch;
    proxy.inject({ when: isList, fault: { kind: 'status', code: 500 }, times: 2 });
    proxy.inject({ when: isList, fault: { kind: 'reset' }, times: 3 });
    const { has } = await start({ streamingList: false });
    proxy.inject({ when: ({ watch }) => watch, fault: { kind: 'status', code: 410, reason: 'Expired' }, times: 1 });
    proxy.inject({ when: isList, fault: { kind: 'status', code: 503 }, times: 2 });
    proxy.endWatches();
    await cluster.write('after-relist');
    await eventually('the write', () => has('after-relist'));
  });

  it('does not open dozens of watches a second after a reconnect (#1933)', async () => {
    await start({ timings: {} });
    proxy.inject({ when: ({ watch }) => watch, fault: { kind: 'body', text: '' } });
    const from = proxy.requests.length;
    proxy.endWatches();
    await eventually('the first retry', () => proxy.requests.length > from);
    await new Promise((resolve) => setTimeout(resolve, 2_000)); // time is what is tested: how much happens in it
    assert.ok(proxy.requests.length - from <= 10, `${proxy.requests.length - from} requests in two seconds`);
  });

  it('forgets what was deleted while it could not watch (#494, #572)', async () => {
    await cluster.write('gone');
    await cluster.write('stays');
    const { informer, seen, has } = await start({ indexes: { all: () => ['all'] } });
    proxy.inject({ when: ({ watch }) => watch, fault: { kind: 'status', code: 410, reason: 'Expired' }, times: 3 });
    proxy.endWatches();
    await cluster.client.delete(configMaps, { name: 'gone', namespace: cluster.namespace });
    await eventually('the delete', () => !has('gone'));
    assert.deepEqual(informer.store.byIndex('all', 'all').map(objectKey), [`${cluster.namespace}/stays`]);
    assert.deepEqual(
      seen.filter((line) => line.startsWith('deleted')),
      ['deleted gone'],
    );
    assert.equal(seen.filter((line) => line === 'added stays').length, 1);
  });

  it('recovers from a storm of 410 inside watches', async () => {
    const { has } = await start();
    const status = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' };
    const text = `${JSON.stringify({ type: 'ERROR', object: status })}\n`;
    proxy.inject({ when: ({ watch }) => watch, fault: { kind: 'body', text }, times: 5 });
    proxy.endWatches();
    await cluster.write('after-storm');
    await eventually('the write', () => has('after-storm'));
  });

  it('falls back to paged lists on a server without streaming lists', async () => {
    await cluster.write('old-server');
    const streaming = ({ query }: { query: URLSearchParams }) => query.get('sendInitialEvents') === 'true';
    proxy.inject({ when: streaming, fault: { kind: 'status', code: 422, reason: 'Invalid' } });
    const { has } = await start();
    assert.ok(has('old-server'));
    assert.equal(proxy.requests.filter(streaming).length, 1);
  });

  it('notices a silent watch and replaces it', async () => {
    const { has } = await start({ timings: { ...quick, inactivityMs: 500 } });
    proxy.muteWatches();
    await cluster.write('unheard');
    await eventually('the write', () => has('unheard'));
  });

  it('keeps a quiet watch open for longer than 30 s (#3020, #3022)', async () => {
    await start();
    const from = proxy.requests.length;
    await new Promise((resolve) => setTimeout(resolve, 32_000)); // upstream aborted every watch at 30 s
    assert.equal(proxy.requests.length, from);
    assert.equal(proxy.openWatches, 1);
  });

  it('waits for Retry-After', async () => {
    await start();
    proxy.inject({
      when: ({ watch }) => watch,
      fault: { kind: 'status', code: 429, headers: { 'retry-after': '1' } },
      times: 1,
    });
    const from = proxy.requests.length;
    const began = performance.now();
    proxy.endWatches();
    await eventually('the second attempt', () => proxy.requests.length >= from + 2);
    assert.ok(performance.now() - began >= 1_000);
  });

  it('survives garbage', async () => {
    const { has } = await start();
    proxy.inject({ when: ({ watch }) => watch, fault: { kind: 'body', text: '<html>\n' }, times: 2 });
    proxy.endWatches();
    await cluster.write('after-garbage');
    await eventually('the write', () => has('after-garbage'));
  });

  it('leaves nothing open when it ends', async () => {
    const { end } = await start();
    await end();
    await eventually('the watch is closed', () => proxy.openWatches === 0);
  });
});

describe('informer over TLS and HTTP/2', () => {
  it('shares one connection with others, and moves to a new one when that is reset (#2893)', async (t) => {
    const proxy = await startTcpProxy(cluster.kubeConfig);
    t.after(() => proxy.close());
    const config = proxy.kubeConfig();
    t.after(() => config.close());
    const all = Array.from({ length: 5 }, () => startInformer(config));
    t.after(() => Promise.all(all.map(({ end }) => end())));
    await Promise.all(all.map(({ informer }) => informer.waitForSync(AbortSignal.timeout(30_000))));
    assert.equal(proxy.accepted, 1);
    for (let turn = 0; turn < 3; turn += 1) {
      proxy.resetAll();
      await cluster.write(`turn-${turn}`);
      await eventually(`all see turn ${turn}`, () => all.every(({ has }) => has(`turn-${turn}`)));
    }
    assert.ok(proxy.open <= 1, `${proxy.open} connections are open`);
  });
});
