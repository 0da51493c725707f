import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startClientPod } from '../clients/client-pod.ts';
import { switchFlag } from '../demo/flags.ts';
import { installProduct, operatorNamespace, uninstallProduct } from '../product/install.ts';
import { observed } from './support/observed.ts';
import { applySmallFleets, podUids } from './support/small-fleet.ts';
import { openStage, waitReady } from './support/stage.ts';

test('an uninstall leaves CRD, RelayProxies and relays, which go on serving; a reinstall takes them over as they are', {
  timeout: 600_000,
}, async (t) => {
  const stage = await openStage('uninstall');
  const { cluster, kubectl, namespace } = stage;
  t.after(async () => {
    await installProduct(cluster);
    await stage.close();
  });
  await applySmallFleets(stage, namespace, ['kept']);
  await waitReady(stage, 'kept');
  const before = await podUids(stage, namespace, 'kept');
  const client = await startClientPod(kubectl, {
    name: 'application',
    namespace,
    image: stage.relayImage,
    relayUrl: 'http://kept:8030',
    sdkKeyRef: { name: 'demo-keys', key: 'sdk-key' },
    requestsPerSecond: 20,
  });
  const ready = await client.waitFor('ready', 'SDK is initialised', () => true, 90_000);

  await uninstallProduct(cluster);
  assert.deepEqual(await kubectl.list('deployments', operatorNamespace), [], 'the operator is gone');
  assert.ok(await kubectl.get('crd', 'relayproxies.flagrelay.dev'), 'the CRD is there');
  assert.ok(await kubectl.get('relayproxy', 'kept', namespace), 'the RelayProxy is there');
  assert.deepEqual(await podUids(stage, namespace, 'kept'), before, 'the pods are the same');

  // Kubelet brings the file to the pods, and they to the SDK: no operator is needed for that.
  const flag = 'new-checkout';
  const on = ready.flags[flag] !== true;
  const switched = performance.now();
  await switchFlag(kubectl, { namespace, configMap: 'demo-flags', file: 'flags.yaml' }, flag, on);
  await client.waitFor('change', `${flag} is ${on}`, (r) => r.key === flag && r.value === on, 180_000);
  const changeSeconds = (performance.now() - switched) / 1000;

  await installProduct(cluster);
  await kubectl.run(['patch', 'relayproxy', 'kept', '-n', namespace, '--type=merge', '-p', '{"spec":{"replicas":3}}']);
  await kubectl.waitForObject('relayproxy', 'kept', namespace, 'three pods', (o) => o.status?.readyReplicas === 3);
  await waitReady(stage, 'kept');
  const after = await podUids(stage, namespace, 'kept');
  assert.deepEqual(
    before.filter((uid) => !after.includes(uid)),
    [],
    'the reinstall replaced no pod',
  );
  const totals = await client.loop();
  observed('uninstall-keeps-crs', { changeSeconds, requests: totals?.sent, failed: totals?.failed });
  assert.ok(totals !== undefined && totals.sent > 50, 'the request loop ran');
  assert.equal(totals.failed, 0, 'no request failed');
});
