import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubernetesObject, ResourceType } from '../runtime/objects.ts';
import { controllerOf } from '../runtime/objects.ts';
import { type ConfigMap, type Deployment, types } from './resources/kubernetes-types.ts';
import { configHistoryAnnotation, fieldManager, templateHashAnnotation } from './resources/names.ts';
import { mountedConfigMap } from './resources/volumes.ts';
import { operatorSuite } from './testing/operator-suite.ts';
import { startOperator } from './testing/test-operator.ts';
import { production } from './testing/test-relay-proxy.ts';

/** A ReplicaSet as far as these tests read it; the operator may not, and need not. */
interface ReplicaSet extends KubernetesObject {
  spec?: Deployment['spec'];
}
const replicaSets: ResourceType<ReplicaSet> = {
  group: 'apps',
  version: 'v1',
  kind: 'ReplicaSet',
  plural: 'replicasets',
  namespaced: true,
};

const suite = operatorSuite();
const { until, ref } = suite;
const named = (name: string, more: object = {}) => ({ ...production, name, ...more });

const { apply } = suite;
const deploymentOf = (name: string) => suite.cluster.client.get(types.deployment, ref(`${name}-relay`));
const mountedBy = (object: { spec?: Deployment['spec'] }) => mountedConfigMap(object.spec?.template.spec) ?? '';

/** Waits until the newest pod template mounts a document that fits; answers the name of the ConfigMap. */
function mounts(name: string, what: string, fits: (document: string) => boolean): Promise<string> {
  return until(`${name} mounts ${what}`, async () => {
    const configMap = mountedBy(await deploymentOf(name));
    const { data } = await suite.cluster.client.get<ConfigMap>(types.configMap, ref(configMap));
    return fits(data?.['relay.json'] ?? '') && configMap;
  });
}

const has = (text: string) => (document: string) => document.includes(`"${text}"`);

/** ConfigMaps with configurations of a RelayProxy. */
async function configMapsOf(name: string): Promise<string[]> {
  const labelSelector = `app.kubernetes.io/instance=${name}`;
  const { items } = await suite.cluster.client.list(types.configMap, {
    namespace: suite.cluster.namespace,
    labelSelector,
  });
  return items.map(({ metadata }) => metadata?.name ?? '').sort();
}

/** Waits for a condition of the newest generation; answers its message. */
function conditionIs(name: string, type: string, status: string, reason: string): Promise<string> {
  return until(`${type} of ${name} is ${status}/${reason}`, async () => {
    const { metadata, status: found } = await suite.cluster.client.get(types.relayProxy, ref(name));
    const item = found?.conditions?.find((other) => other.type === type);
    const isNow = item?.observedGeneration === metadata?.generation;
    return isNow && item?.status === status && item.reason === reason && item.message;
  });
}

describe('the configuration of a RelayProxy on a real API server', () => {
  it('is not changed for pods of before by an edit that they cannot serve; one that they can is written to them', async () => {
    await apply('edited', { replicas: 1, environments: [named('production')] });
    const first = await mounts('edited', 'production', has('production'));
    const before = await suite.cluster.client.get(types.configMap, ref(first));

    await apply('edited', { replicas: 1, environments: [named('prod')] });
    const second = await mounts('edited', 'prod', has('prod'));
    assert.notEqual(second, first);
    const after = await suite.cluster.client.get(types.configMap, ref(first));
    assert.equal(after.metadata?.resourceVersion, before.metadata?.resourceVersion, 'not even written to');
    assert.equal((await deploymentOf('edited')).metadata?.annotations?.[configHistoryAnnotation], first);

    const { generation } = (await deploymentOf('edited')).metadata ?? {};
    await apply('edited', { replicas: 1, environments: [named('prod', { allowedOrigins: ['https://a.example'] })] });
    assert.equal(await mounts('edited', 'the new origin', has('https://a.example')), second);
    assert.equal((await deploymentOf('edited')).metadata?.generation, generation, 'no pod is replaced for it');
  });

  it('is there for each pod and each ReplicaSet of a rollout that does not get on', async () => {
    for (const name of ['one', 'two', 'three', 'four', 'five']) {
      await apply('edited', { replicas: 1, environments: [named(name)] });
      await mounts('edited', name, has(name));
    }
    const kept = await configMapsOf('edited');
    const labelSelector = 'app.kubernetes.io/instance=edited';
    const { items } = await suite.cluster.client.list(replicaSets, {
      namespace: suite.cluster.namespace,
      labelSelector,
    });
    const missing = items.filter((item) => !kept.includes(mountedBy(item)));
    assert.deepEqual(missing, []);
    assert.ok(items.length >= 5);
  });

  it('goes when no ReplicaSet is left that mounts it', async () => {
    const rollout = { revisionHistoryLimit: 2 };
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) {
      await apply('settled', { replicas: 0, rollout, environments: [named(name)] });
      await mounts('settled', name, has(name));
    }
    const kept = await until('as many as there are ReplicaSets', async () => {
      const found = await configMapsOf('settled');
      return found.length === 3 && found;
    });
    await until('every ReplicaSet that is left has its own', async () => {
      const labelSelector = 'app.kubernetes.io/instance=settled';
      const { items } = await suite.cluster.client.list(replicaSets, {
        namespace: suite.cluster.namespace,
        labelSelector,
      });
      return items.length <= 3 && items.every((item) => kept.includes(mountedBy(item)));
    });
  });

  it('of an older operator, which had one for all pods, stays as it is for the pods that mount it', async () => {
    await apply('older', { replicas: 0, environments: [named('production')] });
    const versioned = await mounts('older', 'production', has('production'));
    await conditionIs('older', 'Reconciled', 'True', 'Applied');
    assert.equal(await suite.operator.stop(), 0);

    // What such an operator left behind.
    const { metadata, data } = await suite.cluster.client.get<ConfigMap>(types.configMap, ref(versioned));
    const { labels, annotations, ownerReferences } = metadata ?? {};
    const unversioned = { ...ref('older-config'), labels, annotations, ownerReferences };
    await suite.cluster.client.create<ConfigMap>(types.configMap, { metadata: unversioned, data } as ConfigMap);
    const operations = [
      {
        op: 'replace' as const,
        path: `/metadata/annotations/${templateHashAnnotation.replace('/', '~1')}`,
        value: 'of-before',
      },
      { op: 'replace' as const, path: '/spec/template/spec/volumes/0/configMap/name', value: 'older-config' },
    ];
    await suite.cluster.client.patch(
      types.deployment,
      ref('older-relay'),
      { type: 'json', operations },
      { fieldManager },
    );
    assert.equal(mountedBy(await deploymentOf('older')), 'older-config');
    await suite.cluster.client.delete(types.configMap, ref(versioned));

    suite.operator = await startOperator(suite.cluster.client, suite.cluster.namespace);
    await until('new pods mount a version', async () => mountedBy(await deploymentOf('older')) === versioned);
    await conditionIs('older', 'Reconciled', 'True', 'Applied');
    assert.deepEqual(await configMapsOf('older'), ['older-config', versioned]);
    const old = await suite.cluster.client.get<ConfigMap>(types.configMap, ref('older-config'));
    assert.deepEqual(old.data, data);
    assert.equal(controllerOf(old)?.name, 'older');
  });

  it('that is larger than a ConfigMap is told, and the Deployment keeps the one that it has', async () => {
    await apply('large', { replicas: 0, environments: [named('production')] });
    const small = await mounts('large', 'production', has('production'));
    const { generation } = (await deploymentOf('large')).metadata ?? {};
    const origins = Array.from({ length: 32 }, (_, at) => `https://${`${at}-`.padEnd(220, 'x')}.example`);
    const headers = Array.from({ length: 32 }, (_, at) => `X-${`${at}-`.padEnd(120, 'x')}`);
    const environments = Array.from({ length: 95 }, (_, at) => ({
      ...named(`e${at}`, { allowedOrigins: origins, allowedHeaders: headers }),
      sdkKeyRef: { name: 'keys', key: `sdk-${at}` },
    }));
    // Without managedFields, which name each origin once more: with them the object itself would be too large.
    const patch = (spec: object) => {
      const body = { metadata: { managedFields: [{}] }, spec };
      return suite.cluster.client.patch(types.relayProxy, ref('large'), { type: 'merge', body });
    };
    await patch({ environments });
    const message = await conditionIs('large', 'Reconciled', 'False', 'ApplyFailed');
    assert.match(message, /has \d{7} bytes, a ConfigMap holds at most 1048576/);
    assert.equal(mountedBy(await deploymentOf('large')), small);
    assert.equal((await deploymentOf('large')).metadata?.generation, generation);
    assert.deepEqual(await configMapsOf('large'), [small]);

    await patch({ replicas: 1 });
    await until('it is scaled all the same', async () => (await deploymentOf('large')).spec?.replicas === 1);
    assert.equal(mountedBy(await deploymentOf('large')), small);
    await patch({ environments: [named('production')] });
    await conditionIs('large', 'Reconciled', 'True', 'Applied');
  });
});
