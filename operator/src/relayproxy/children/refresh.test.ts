import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RestClient } from '../../runtime/rest-types.ts';
import type { Pod } from '../resources/kubernetes-types.ts';
import { configVolume } from '../resources/volumes.ts';
import { createMountRefresher } from './refresh.ts';

const pod = (name: string, configMap: string): Pod => ({
  metadata: { name, namespace: 'team' },
  spec: { containers: [], volumes: [configVolume(configMap).volume] },
});
const pods = [pod('before', 'demo-config-1'), pod('newest', 'demo-config-2')];

/** What a look touches that comes after a first one. */
async function touched(change: { document?: string; references?: string; changedNow?: boolean; configMap?: string }) {
  const names: string[] = [];
  const client = { patch: async (_type: unknown, ref: { name: string }) => void names.push(ref.name) };
  const refresher = createMountRefresher(client as unknown as RestClient);
  const { signal } = new AbortController();
  const request = {
    uid: 'u',
    configMap: 'demo-config-2',
    document: 'd',
    references: 'r',
    changedNow: false,
    pods,
    signal,
  };
  await refresher.refresh(request);
  await refresher.refresh({ ...request, ...change });
  return names;
}

test('nothing is touched while nothing changes', async () => assert.deepEqual(await touched({}), []));

test('a changed configuration concerns the pods that mount it', async () => {
  assert.deepEqual(await touched({ document: 'other' }), ['newest']);
  assert.deepEqual(await touched({ changedNow: true }), ['newest']);
});

test('a configuration for pods that are yet to come touches none', async () => {
  assert.deepEqual(await touched({ document: 'other', configMap: 'demo-config-3' }), []);
});

test('a ConfigMap of users may be mounted by any pod', async () => {
  assert.deepEqual(await touched({ references: 'other' }), ['before', 'newest']);
});
