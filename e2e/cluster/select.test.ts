import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UnsupportedByClusterError } from './cluster.ts';
import { kindConfig } from './kind-cluster.ts';
import { cluster } from './select.ts';

test('a kubeconfig that is given wins', async () => {
  const given = await cluster({ FLAGRELAY_KUBECONFIG: import.meta.filename });
  assert.equal(given.kind, 'given');
  assert.equal(given.kubeconfig, import.meta.filename);
  await assert.rejects(given.stopApiServer(), UnsupportedByClusterError);
});

test('a given kubeconfig that does not exist is an error that names the variable', async () => {
  await assert.rejects(
    cluster({ FLAGRELAY_KUBECONFIG: '/nowhere' }),
    /FLAGRELAY_KUBECONFIG: there is no file \/nowhere/,
  );
});

test('kind gets one worker in each zone', () => {
  const { nodes } = kindConfig() as { nodes: { role: string; labels?: Record<string, string> }[] };
  assert.deepEqual(
    nodes.map(({ role, labels }) => labels?.['topology.kubernetes.io/zone'] ?? role),
    ['control-plane', 'zone-a', 'zone-b', 'zone-c'],
  );
});
