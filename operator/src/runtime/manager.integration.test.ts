import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createController } from './controller.ts';
import { createInformer } from './informer.ts';
import { createLeaderElector, leases } from './leader-election.ts';
import { createManager } from './manager.ts';
import { generationChanged, ownerKeys } from './predicates.ts';
import { createRestClient } from './rest.ts';
import { eventually, openTestCluster, type TestCluster } from './testing/cluster.ts';
import { type ConfigMap, configMaps, recordingLogger, testMetrics } from './testing/fixtures.ts';
import { startTcpProxy } from './testing/tcp-proxy.ts';

let cluster: TestCluster;
const warnings: Error[] = [];
before(async () => {
  process.on('warning', (warning) => warnings.push(warning));
  cluster = await openTestCluster();
});
after(() => cluster?.close());

const sources = 5;
const label = 'runtime-test/source';

/** A small operator: each labelled ConfigMap gets a child that repeats its data. */
async function startOperator(identity: string) {
  const { namespace } = cluster;
  const proxy = await startTcpProxy(cluster.kubeConfig);
  const kubeConfig = proxy.kubeConfig();
  const [logger, metrics] = [recordingLogger(), testMetrics()];
  const client = createRestClient({ kubeConfig, fieldManager: 'runtime-test-operator', logger, metrics });
  const lease = { namespace, name: 'operator', identity };
  const elector = createLeaderElector({ client, ...lease, logger, metrics });
  const writer = client.fenced(elector.isLeader, elector.leaseRemainingMs);
  const common = { client, type: configMaps, namespaces: [namespace], timings: { backoffBaseMs: 50 }, logger, metrics };
  const parents = createInformer<ConfigMap>({ ...common, labelSelector: label });
  const children = createInformer<ConfigMap>({ ...common, labelSelector: `!${label}` });
  const reconciled: string[] = [];
  const controller = createController({
    name: 'copies',
    concurrency: 2,
    logger,
    metrics,
    async reconcile(key, { signal }) {
      reconciled.push(key);
      const parent = parents.store.getByKey(key);
      if (!parent?.metadata?.uid) return undefined;
      const { name = '', uid } = parent.metadata;
      const owner = { apiVersion: 'v1', kind: 'ConfigMap', name, uid, controller: true };
      const metadata = { namespace, name: `${name}-copy`, ownerReferences: [owner] };
      await writer.apply(configMaps, { metadata, data: parent.data ?? {} }, { force: true, signal });
      return undefined;
    },
  });
  controller.watch(parents, { predicate: generationChanged });
  controller.watch(parents, { predicate: ({ type }) => type === 'updated' }); // ConfigMaps have no generation
  controller.watch(children, { map: ownerKeys(configMaps) });
  const manager = createManager({
    logger,
    registry: metrics.registry,
    elector,
    probes: { host: '127.0.0.1', port: 0 },
  });
  manager.addController(controller);
  // Many watches over one connection, as a real operator has them.
  for (let i = 0; i < 12; i += 1) manager.addInformer(createInformer<ConfigMap>(common));
  const stop = new AbortController();
  const running = manager.run(stop.signal);
  return {
    proxy,
    manager,
    reconciled,
    metrics,
    end: async () => {
      stop.abort();
      await running;
      await kubeConfig.close();
      await eventually('its connections are closed', () => proxy.open === 0);
      await proxy.close();
    },
  };
}

const source = (name: string, data: Record<string, string>) =>
  cluster.client.apply(
    configMaps,
    { metadata: { name, namespace: cluster.namespace, labels: { [label]: 'yes' } }, data },
    { force: true },
  );
const copies = async () => {
  const { items } = await cluster.client.list(configMaps, { namespace: cluster.namespace, labelSelector: `!${label}` });
  return items.filter(({ metadata }) => metadata?.name?.endsWith('-copy'));
};
describe('manager on a real API server', () => {
  it('reconciles through lost connections, changes nothing that is right, and gives its lease back', async () => {
    for (let i = 0; i < sources; i += 1) await source(`s${i}`, { value: '1' });
    const first = await startOperator('first');
    await eventually('all copies', async () => (await copies()).length === sources);
    first.proxy.resetAll();
    await cluster.client.delete(configMaps, { name: 's0-copy', namespace: cluster.namespace });
    await source('s1', { value: '2' });
    await eventually('repair and update', async () => {
      const items = await copies();
      const value = (name: string) => items.find(({ metadata }) => metadata?.name === name)?.data?.value;
      return items.length === sources && value('s1-copy') === '2';
    });
    const readyz = await fetch(`http://127.0.0.1:${first.manager.probeAddress?.port}/readyz`);
    assert.equal(readyz.status, 200);
    await first.end();
    const lease = await cluster.client.get(leases, { namespace: cluster.namespace, name: 'operator' });
    assert.equal(lease.spec?.holderIdentity, '');

    const before = (await copies()).map(({ metadata }) => metadata?.resourceVersion);
    const second = await startOperator('second');
    await eventually('all are looked at again', () => new Set(second.reconciled).size >= sources);
    await second.end();
    assert.deepEqual(
      (await copies()).map(({ metadata }) => metadata?.resourceVersion),
      before,
    );
    assert.ok(second.proxy.accepted <= 2, `${second.proxy.accepted} connections`);
    assert.deepEqual(warnings, []);
  });
});
