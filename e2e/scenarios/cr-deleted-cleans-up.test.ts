import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitFor } from '../machine/wait-for.ts';
import { observed } from './support/observed.ts';
import { openStage, waitReady } from './support/stage.ts';

const KINDS = [
  'deployments',
  'replicasets',
  'pods',
  'services',
  'configmaps',
  'serviceaccounts',
  'roles',
  'rolebindings',
  'poddisruptionbudgets',
  'horizontalpodautoscalers',
  'networkpolicies',
];

const FLAGS = JSON.stringify({ flags: {}, segments: {} });
const own = [
  { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'keys' }, stringData: { 'sdk-key': 'sdk-0000' } },
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'flags' }, data: { 'flags.json': FLAGS } },
];
const relay = {
  apiVersion: 'flagrelay.dev/v1alpha1',
  kind: 'RelayProxy',
  metadata: { name: 'relay' },
  spec: {
    // One child of each kind.
    autoscaling: { minReplicas: 2, maxReplicas: 3 },
    networkPolicy: { enabled: true },
    environments: [
      {
        name: 'production',
        sdkKeyRef: { name: 'keys', key: 'sdk-key' },
        data: { configMapKeyRef: { name: 'flags', key: 'flags.json' } },
      },
    ],
    podTemplate: { terminationGracePeriodSeconds: 5 },
  },
};

test('a deleted RelayProxy takes everything with it that it brought, and nothing else, without a finalizer', {
  timeout: 300_000,
}, async (t) => {
  const stage = await openStage('cr-deleted');
  t.after(stage.close);
  const { kubectl, namespace } = stage;
  // What Kubernetes itself puts into each namespace is there a moment later than the namespace.
  await kubectl.waitForObject('configmap', 'kube-root-ca.crt', namespace, 'is there', () => true);
  await kubectl.waitForObject('serviceaccount', 'default', namespace, 'is there', () => true);
  await kubectl.apply(own, { namespace });
  const inventory = async () => {
    const lists = await Promise.all(KINDS.map(async (kind) => [kind, await kubectl.list(kind, namespace)] as const));
    return lists.flatMap(([kind, objects]) => objects.map((object) => `${kind}/${object.metadata.name}`)).sort();
  };
  const before = await inventory();
  await kubectl.apply([relay], { namespace });
  const ready = await waitReady(stage, 'relay');
  const brought = (await inventory()).filter((object) => !before.includes(object));
  for (const kind of KINDS)
    assert.ok(
      brought.some((object) => object.startsWith(`${kind}/`)),
      `there is one of ${kind}`,
    );
  assert.equal('finalizers' in ready.metadata, false);

  const started = performance.now();
  await kubectl.remove('relayproxy', 'relay', namespace, 10_000);
  const deletedSeconds = (performance.now() - started) / 1000;
  await waitFor(
    'all children are gone',
    async () => {
      const now = await inventory();
      return now.join() === before.join() ? true : undefined;
    },
    { timeoutMs: 90_000, intervalMs: 500 },
  );
  observed('cr-deleted-cleans-up', {
    brought: brought.length,
    deletedSeconds,
    cleanSeconds: (performance.now() - started) / 1000,
  });
  assert.deepEqual(await inventory(), before);
  assert.ok(await kubectl.get('secret', 'keys', namespace), "the Secret is its owner's");
});
