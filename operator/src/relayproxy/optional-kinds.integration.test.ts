import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { RelayProxySpecManifest } from '@flagrelay/crds';
import { isNotFound } from '@flagrelay/kube/api-error';
import { eventually, openTestCluster, type TestCluster } from '../runtime/testing/cluster.ts';
import { type RawRelayProxy, types } from './resources/kubernetes-types.ts';
import { type OptionalKinds, optionalKinds } from './testing/optional-kinds.ts';
import { applyCrd, startOperator, type TestOperator } from './testing/test-operator.ts';

let cluster: TestCluster;
let kinds: OptionalKinds;
let operator: TestOperator;

before(async () => {
  cluster = await openTestCluster();
  await applyCrd(cluster.client);
  kinds = await optionalKinds(cluster.client);
  await kinds.remove();
  operator = await startOperator(cluster.client, cluster.namespace);
});
after(async () => {
  await operator?.stop();
  await kinds?.remove();
  await cluster?.close();
});

const ref = (name: string) => ({ name, namespace: cluster.namespace });

async function applyRelayProxy(name: string, spec: RelayProxySpecManifest): Promise<void> {
  const environments = [{ name: 'production', sdkKeyRef: { name: 'keys', key: 'sdk' } }];
  const object = { metadata: ref(name), spec: { image: 'none', imagePullPolicy: 'Never', environments, ...spec } };
  await cluster.client.apply(types.relayProxy, object as RawRelayProxy, { force: true, fieldManager: 'test' });
}

/** `status/reason: message` of Reconciled. */
async function reconciled(name: string): Promise<string> {
  const { status } = await cluster.client.get(types.relayProxy, ref(name));
  const found = status?.conditions?.find(({ type }) => type === 'Reconciled');
  return `${found?.status}/${found?.reason}: ${found?.message}`;
}

async function becomes(name: string, wanted: RegExp): Promise<string> {
  let last = '';
  await eventually(`Reconciled of ${name} matches ${wanted}`, async () => {
    last = await reconciled(name);
    return wanted.test(last);
  });
  return last;
}

const hasMonitor = async (name: string): Promise<boolean> => {
  try {
    await cluster.client.get(types.serviceMonitor, ref(`${name}-relay`));
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
};

test('a kind that is switched off is told by the value that does it, and needs no permission', async () => {
  const other = await openTestCluster();
  const limited = await startOperator(other.client, other.namespace, {
    disabled: ['serviceMonitor', 'prometheusRule'],
  });
  try {
    const object = {
      metadata: { name: 'off', namespace: other.namespace },
      spec: {
        ...{ image: 'none', imagePullPolicy: 'Never', metrics: { serviceMonitor: { enabled: true } } },
        environments: [{ name: 'production', sdkKeyRef: { name: 'keys', key: 'sdk' } }],
      },
    };
    await other.client.apply(types.relayProxy, object as RawRelayProxy, { force: true, fieldManager: 'test' });
    const message = await limited.until('it is refused', async () => {
      const { status } = await other.client.get(types.relayProxy, object.metadata);
      const found = status?.conditions?.find(({ type }) => type === 'Reconciled');
      return found?.reason === 'KindDisabled' && found.message;
    });
    assert.match(message, /`spec.metrics.serviceMonitor.enabled` asks for a ServiceMonitor.*features.serviceMonitor/);
    await other.client.get(types.deployment, { name: 'off-relay', namespace: other.namespace }); // the rest is there
    assert.doesNotMatch(limited.output(), /forbidden/i);
  } finally {
    await limited.stop();
    await other.close();
  }
});

test('a kind that comes, goes and comes again: the condition says so, nothing loops, and it heals by itself', async (t) => {
  if (kinds.foreign.length > 0)
    return t.skip(`the cluster has ${kinds.foreign.join(', ')}, which are not ours to remove`);
  await applyRelayProxy('watched', { metrics: { serviceMonitor: { enabled: true } } });
  await applyRelayProxy('plain', {});

  const missing = await becomes('watched', /^False\/KindNotInstalled: /);
  assert.match(missing, /`spec.metrics.serviceMonitor.enabled` asks for a ServiceMonitor/);
  assert.match(missing, /monitoring.coreos.com\/v1/);
  await becomes('plain', /^True\/Applied/);
  await cluster.client.get(types.deployment, ref('watched-relay')); // the rest is there

  const failed = () => operator.metric('controller_runtime_reconcile_errors_total', 'controller="relayproxy"');
  assert.equal(await failed(), 0, 'a missing kind is no failed reconcile');

  await kinds.install();
  await becomes('watched', /^True\/Applied/);
  assert.ok(await hasMonitor('watched'));
  assert.equal(await hasMonitor('plain'), false);

  await t.test('a ServiceMonitor that somebody deletes comes back: its cache is filled', async () => {
    await cluster.client.delete(types.serviceMonitor, ref('watched-relay'));
    await eventually('the ServiceMonitor is there again', () => hasMonitor('watched'));
  });

  await t.test('a ServiceMonitor that is no longer asked for goes, and its Service', async () => {
    await applyRelayProxy('watched', {});
    await eventually('the ServiceMonitor is gone', async () => !(await hasMonitor('watched')));
    await applyRelayProxy('watched', { metrics: { serviceMonitor: { enabled: true } } });
    await eventually('the ServiceMonitor is there again', () => hasMonitor('watched'));
  });

  await kinds.remove();
  await becomes('watched', /^False\/KindNotInstalled: /);
  await kinds.install();
  await becomes('watched', /^True\/Applied/);
  assert.ok(await hasMonitor('watched'));
  assert.equal(await failed(), 0);
});
