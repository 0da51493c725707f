import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitFor } from '../machine/wait-for.ts';
import { helm } from '../product/helm.ts';
import { installChart, loadProducts, operatorNamespace } from '../product/install.ts';
import { endOfLog, writesSince } from './support/audit.ts';
import { eventsAbout } from './support/events.ts';
import { observed } from './support/observed.ts';
import { applySmallFleets, podUids } from './support/small-fleet.ts';
import { openStage, waitReady } from './support/stage.ts';

const release = 'flagrelay2';

test('a second release over the same namespaces leaves every RelayProxy alone, and says so', {
  timeout: 600_000,
}, async (t) => {
  const stage = await openStage('two-releases');
  const home = await openStage('two-releases-home');
  const { cluster, kubectl, namespace } = stage;
  t.after(async () => {
    await helm(cluster.kubeconfig, ['uninstall', release, '-n', home.namespace, '--ignore-not-found', '--wait']);
    await stage.close();
    await home.close();
  });
  await applySmallFleets(stage, namespace, ['demo']);
  await waitReady(stage, 'demo');
  const generation = async () => (await kubectl.get('deployment', 'demo-relay', namespace))?.metadata.generation;
  const before = { pods: await podUids(stage, namespace, 'demo'), generation: await generation() };
  const log = cluster.auditLog;
  const start = log === undefined ? 0 : endOfLog(log);

  const { tags } = await loadProducts(cluster);
  await installChart(cluster, {
    release,
    namespace: home.namespace,
    // Pods of that image could not start: that they stay tells who looks after them.
    tags: { ...tags, relay: 'of-the-second-release' },
    flags: ['--set', 'crds.enabled=false,replicas=1'],
  });
  const notes = await helm(cluster.kubeconfig, ['get', 'notes', release, '-n', home.namespace]);
  assert.match(notes, new RegExp(`WARNING: there is a flagrelay operator in namespace ${operatorNamespace} as well`));

  await waitFor(
    'an Event says that it is left alone',
    async () => (await eventsAbout(kubectl, namespace, 'demo')).find(({ reason }) => reason === 'LookedAfterByAnother'),
    { timeoutMs: 60_000 },
  );
  await kubectl.waitForObject(
    'relayproxy',
    'demo',
    namespace,
    'the first has answered',
    ({ status }) => status?.operator?.name === `${operatorNamespace}/flagrelay-operator` && !status.operator.askedBy,
  );

  // An edit while both run is applied once, by one of them.
  const patch = JSON.stringify({ spec: { rollout: { minReadySeconds: 1 } } });
  await kubectl.run(['patch', 'relayproxy', 'demo', '-n', namespace, '--type=merge', '-p', patch]);
  await waitReady(stage, 'demo');
  assert.equal(await generation(), (before.generation ?? 0) + 1);
  assert.deepEqual(await podUids(stage, namespace, 'demo'), before.pods);
  if (log !== undefined) {
    const second = `system:serviceaccount:${home.namespace}:`;
    const written = writesSince(log, start).filter(({ user }) => user.startsWith(second));
    const elsewhere = written.filter((write) => write.namespace !== home.namespace);
    const resources = elsewhere.map(({ resource }) => resource);
    observed('two-releases', { writesOfTheSecond: written.length, toRelayProxies: elsewhere.length, resources });
    assert.deepEqual(
      [...new Set(resources)].filter((resource) => !/^(relayproxies|events)/.test(resource)),
      [],
    );
  }
});
