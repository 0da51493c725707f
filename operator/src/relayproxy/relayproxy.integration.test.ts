import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Condition, RelayProxySpecManifest } from '@flagrelay/crds';
import { isNotFound } from '@flagrelay/kube/api-error';
import { events, type KubernetesEvent } from '../runtime/event-types.ts';
import type { KubernetesObject, ResourceType } from '../runtime/objects.ts';
import { childTypes, optionalTypes } from './children/children.ts';
import { type ConfigMap, type Deployment, type RawRelayProxy, types } from './resources/kubernetes-types.ts';
import { configHashAnnotation, fieldManager } from './resources/names.ts';
import { mountedConfigMap } from './resources/volumes.ts';
import { operatorSuite } from './testing/operator-suite.ts';
import { startOperator } from './testing/test-operator.ts';

const quotas: ResourceType = {
  group: '',
  version: 'v1',
  kind: 'ResourceQuota',
  plural: 'resourcequotas',
  namespaced: true,
};
const suite = operatorSuite();
const { until, ref } = suite;

const environments = [{ name: 'production', sdkKeyRef: { name: 'keys', key: 'sdk' } }];

const applyRelayProxy = (name: string, spec: RelayProxySpecManifest) => suite.apply(name, { environments, ...spec });

const getRelayProxy = (name: string) => suite.cluster.client.get(types.relayProxy, ref(name));
const getDeployment = (name: string) => suite.cluster.client.get(types.deployment, ref(`${name}-relay`));

/** The ConfigMap that new pods mount. */
const configOf = async (name: string) => mountedConfigMap((await getDeployment(name)).spec?.template.spec) ?? '';

async function condition(name: string, type: string): Promise<Condition | undefined> {
  return (await getRelayProxy(name)).status?.conditions?.find((item) => item.type === type);
}

/** Waits until the status is about the newest generation and a condition says this. */
function conditionIs(name: string, type: string, status: string, reason: string): Promise<Condition> {
  return until(`${type} of ${name} is ${status}/${reason}`, async () => {
    const { metadata, status: found } = await getRelayProxy(name);
    const item = found?.conditions?.find((other) => other.type === type);
    const matches =
      item?.status === status && item.reason === reason && item.observedGeneration === metadata?.generation;
    return matches && item;
  });
}

const exists = async (type: ResourceType, name: string): Promise<boolean> => {
  try {
    await suite.cluster.client.get(type, ref(name));
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
};

/** Writes that the operator has sent, without those of its lease. */
async function writes(): Promise<number> {
  const counts = await Promise.all(
    ['PATCH', 'POST', 'DELETE'].map((method) =>
      suite.operator.metric('rest_client_requests_total', `method="${method}"`),
    ),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

const reconciles = () => suite.operator.metric('controller_runtime_reconcile_total');

/** Waits until ten looks in a row, a second apart, see no write: while pods start, news of them are held back up to eight seconds. */
async function quiet(): Promise<number> {
  let [last, same] = [-1, 0];
  return until('no more writes', async () => {
    const now = await writes();
    same = now === last ? same + 1 : 0;
    last = now;
    if (same >= 10) return now;
    await new Promise((resolve) => setTimeout(resolve, 1000));
    return undefined;
  });
}

describe('a RelayProxy on a real API server', () => {
  it('gets its children, each owned by it, and a status', async () => {
    await applyRelayProxy('basic', {});
    await conditionIs('basic', 'Reconciled', 'True', 'Applied');
    const owner = await getRelayProxy('basic');
    const expected = { 'basic-relay': 5, basic: 1, [await configOf('basic')]: 1 };
    const found: Record<string, number> = {};
    // The optional kinds are the business of `optional-kinds.integration.test.ts`.
    for (const type of childTypes.filter((one) => !optionalTypes.includes(one))) {
      const selector = { namespace: suite.cluster.namespace, labelSelector: 'app.kubernetes.io/instance=basic' };
      for (const { metadata = {} } of (await suite.cluster.client.list(type, selector)).items) {
        assert.deepEqual(metadata.ownerReferences, [
          {
            apiVersion: 'flagrelay.dev/v1alpha1',
            kind: 'RelayProxy',
            name: 'basic',
            uid: owner.metadata?.uid,
            controller: true,
          },
        ]);
        found[metadata.name ?? ''] = (found[metadata.name ?? ''] ?? 0) + 1;
      }
    }
    assert.deepEqual(found, expected);
    assert.equal((await condition('basic', 'Ready'))?.reason, 'NotAvailable');
    const told = await until('events', async () => {
      const { items } = await suite.cluster.client.list<KubernetesEvent>(events, {
        namespace: suite.cluster.namespace,
      });
      const reasons = items.filter((item) => item.regarding?.name === 'basic').map((item) => item.reason);
      return reasons.includes('Created') && reasons;
    });
    assert.ok(told.length < 6, told.join());
  });

  it('is not written to again while nothing changes, nor is any child; not after a restart either', async () => {
    const before = await quiet();
    const looked = await reconciles();
    const annotations = { touched: 'yes' };
    const versions = async () => (await getDeployment('basic')).metadata?.generation;
    const generation = await versions();
    await suite.cluster.client.patch(types.relayProxy, ref('basic'), {
      type: 'merge',
      body: { metadata: { annotations } },
    });
    await until('another look', async () => (await reconciles()) > looked);
    assert.equal(await quiet(), before);
    assert.equal(await versions(), generation);

    assert.equal(await suite.operator.stop(), 0);
    suite.operator = await startOperator(suite.cluster.client, suite.cluster.namespace);
    await until('a first look', async () => (await reconciles()) >= 1);
    const leaseOnly = await quiet();
    assert.ok(
      leaseOnly <= 2,
      `a restarted operator wrote ${leaseOnly} times: its lease and an event about it are allowed`,
    );
    assert.equal(await suite.operator.readyz(), 200);
  });

  it('puts back what it owns and leaves what it does not', async () => {
    const service = { spec: { type: 'NodePort' }, metadata: { annotations: { mine: 'stays' } } };
    await suite.cluster.client.patch(types.service, ref('basic'), { type: 'merge', body: service });
    const restarted = { 'kubectl.kubernetes.io/restartedAt': '2026-01-01T00:00:00Z' };
    const body = { spec: { minReadySeconds: 9, template: { metadata: { annotations: restarted } } } };
    await suite.cluster.client.patch(types.deployment, ref('basic-relay'), { type: 'merge', body });
    await until('the Service is put back', async () => {
      const live = await suite.cluster.client.get(types.service, ref('basic'));
      return live.spec?.type === 'ClusterIP' && live.metadata?.annotations?.mine === 'stays';
    });
    await until('the Deployment is put back', async () => (await getDeployment('basic')).spec?.minReadySeconds === 5);
    const { template } = (await getDeployment('basic')).spec!;
    assert.deepEqual(Object.entries(template.metadata?.annotations ?? {}).includes(restarted as never), false);
    assert.equal(template.metadata?.annotations?.['kubectl.kubernetes.io/restartedAt'], '2026-01-01T00:00:00Z');
    const configMap = await configOf('basic');
    await suite.cluster.client.delete(types.configMap, ref(configMap));
    await until('the ConfigMap is back', () => exists(types.configMap, configMap));
  });

  it('has a Deployment that somebody paused go on, and says so', async () => {
    const body = { spec: { paused: true } };
    await suite.cluster.client.patch(types.deployment, ref('basic-relay'), { type: 'merge', body });
    await until('it goes on', async () => (await getDeployment('basic')).spec?.paused !== true);
    const event = async () => {
      const { items } = await suite.cluster.client.list(types.event, { namespace: suite.cluster.namespace });
      return items.some(({ reason }) => reason === 'DeploymentPaused');
    };
    await until('it is told', event);
  });

  it('hands a changed configuration to running pods without replacing them', async () => {
    const { generation } = (await getDeployment('basic')).metadata ?? {};
    const configMap = await configOf('basic');
    await applyRelayProxy('basic', { environments: [{ ...environments[0]!, allowedOrigins: ['https://a.example'] }] });
    await until('the ConfigMap has it', async () => {
      const { data } = await suite.cluster.client.get<ConfigMap>(types.configMap, ref(configMap));
      return data?.['relay.json']?.includes('https://a.example');
    });
    await until('kubelets are told', async () => {
      const labelSelector = 'app.kubernetes.io/instance=basic';
      const { items } = await suite.cluster.client.list(types.pod, {
        namespace: suite.cluster.namespace,
        labelSelector,
      });
      return items.length > 0 && items.every(({ metadata }) => metadata?.annotations?.[configHashAnnotation]);
    });
    assert.equal((await getDeployment('basic')).metadata?.generation, generation);
  });

  it('loses the children that it no longer asks for', async () => {
    await applyRelayProxy('basic', { networkPolicy: { enabled: true } });
    await until('a NetworkPolicy', () => exists(types.networkPolicy, 'basic-relay'));
    await applyRelayProxy('basic', { disruptionBudget: { enabled: false } });
    await until('none', async () => !(await exists(types.networkPolicy, 'basic-relay')));
    await until('no budget', async () => !(await exists(types.podDisruptionBudget, 'basic-relay')));
  });

  it('is left alone while it is paused', async () => {
    await applyRelayProxy('basic', { paused: true, replicas: 1 });
    await conditionIs('basic', 'Paused', 'True', 'PausedBySpec');
    assert.equal((await getDeployment('basic')).spec?.replicas, 3);
    await applyRelayProxy('basic', { replicas: 1 });
    await until('it is scaled', async () => (await getDeployment('basic')).spec?.replicas === 1);
  });

  it('does not take over what belongs to others until they allow it', async () => {
    const account = { metadata: { ...ref('foreign-relay'), annotations: { theirs: 'yes' } } };
    await suite.cluster.client.create(types.serviceAccount, account);
    await applyRelayProxy('foreign', { replicas: 0 });
    const { message } = await conditionIs('foreign', 'Reconciled', 'False', 'FieldConflict');
    assert.match(message, /ServiceAccount "foreign-relay" exists and is not ours/);
    assert.equal(await exists(types.deployment, 'foreign-relay'), true, 'the other children are made');
    const live = await suite.cluster.client.get(types.serviceAccount, ref('foreign-relay'));
    assert.equal(live.metadata?.labels, undefined);

    const body = { metadata: { annotations: { 'flagrelay.dev/adopt': 'true' } } };
    await suite.cluster.client.patch(types.serviceAccount, ref('foreign-relay'), { type: 'merge', body });
    // Its change wakes nobody, as it is not ours: another change of the RelayProxy does.
    await applyRelayProxy('foreign', { replicas: 0, logLevel: 'debug' });
    await conditionIs('foreign', 'Reconciled', 'True', 'Applied');
    const adopted = await suite.cluster.client.get(types.serviceAccount, ref('foreign-relay'));
    assert.equal(adopted.metadata?.annotations?.theirs, 'yes');
  });

  it('says what is wrong with its references, and when it no longer is', async () => {
    const data = { configMapKeyRef: { name: 'flags', key: 'flags.json' } };
    await applyRelayProxy('refs', { replicas: 0, environments: [{ ...environments[0]!, data }] });
    await conditionIs('refs', 'ReferencesResolved', 'False', 'ConfigMapNotFound');
    await suite.cluster.write('flags', { other: '{}' });
    await conditionIs('refs', 'ReferencesResolved', 'False', 'KeyNotFound');
    await suite.cluster.write('flags', { 'flags.json': '{}' });
    await conditionIs('refs', 'ReferencesResolved', 'Unknown', 'AwaitingReports');
  });

  it('shows what its pods report, and forgets pods that are gone', async () => {
    const labelSelector = 'app.kubernetes.io/instance=basic';
    const pods = await until('a pod', async () => {
      const { items } = await suite.cluster.client.list(types.pod, {
        namespace: suite.cluster.namespace,
        labelSelector,
      });
      const alive = items.filter(({ metadata }) => metadata?.deletionTimestamp === undefined);
      return alive.length > 0 && alive;
    });
    const { name = '', uid = '' } = pods[0]?.metadata ?? {};
    const report = async (pod: string, podUid: string, unhealthy: object[]) => {
      const status = { instances: [{ name: pod, uid: podUid, version: '0.0.1', totalEnvironments: 1, unhealthy }] };
      const options = { subresource: 'status', fieldManager: `flagrelay/${pod}`, force: true };
      await suite.cluster.client.apply(types.relayProxy, { metadata: ref('basic'), status } as RawRelayProxy, options);
    };
    await report(name, uid, [{ name: 'production', state: 'CredentialMissing' }]);
    await conditionIs('basic', 'ReferencesResolved', 'False', 'CredentialMissing');
    assert.equal((await getRelayProxy('basic')).status?.environments?.[0]?.state, 'CredentialMissing');
    await report(name, uid, []);
    await conditionIs('basic', 'ReferencesResolved', 'True', 'Resolved');
    await report('dead-pod', 'dead', []);
    await until('the dead pod is forgotten', async () => {
      const instances = (await getRelayProxy('basic')).status?.instances ?? [];
      return instances.length === 1 && instances[0]?.name === name;
    });
  });

  it('hands its replicas to an autoscaler without losing a pod', async () => {
    await applyRelayProxy('scaled', { replicas: 4 });
    await until('four replicas', async () => (await getDeployment('scaled')).spec?.replicas === 4);
    await applyRelayProxy('scaled', { autoscaling: { maxReplicas: 6 } });
    await until('an autoscaler', () => exists(types.horizontalPodAutoscaler, 'scaled-relay'));
    const ours = (deployment: Deployment) =>
      JSON.stringify(
        deployment.metadata?.managedFields?.filter((entry) => Reflect.get(entry as object, 'manager') === fieldManager),
      );
    const live = await until('the replicas are given up', async () => {
      const found = await getDeployment('scaled');
      return !ours(found).includes('f:replicas') && found;
    });
    assert.equal(live.spec?.replicas, 4);
    await applyRelayProxy('scaled', { replicas: 2 });
    await until('they are back', async () => (await getDeployment('scaled')).spec?.replicas === 2);
    await until('no autoscaler', async () => !(await exists(types.horizontalPodAutoscaler, 'scaled-relay')));
  });

  it('takes its children with it when it goes', async () => {
    const uid = (await getRelayProxy('scaled')).metadata?.uid;
    await suite.cluster.client.delete(types.relayProxy, ref('scaled'));
    for (const type of childTypes.filter((one) => !optionalTypes.includes(one))) {
      await until(`no ${type.kind}`, async () => {
        const { items } = await suite.cluster.client.list(type, { namespace: suite.cluster.namespace });
        return !items.some(({ metadata }) => metadata?.ownerReferences?.some((owner) => owner.uid === uid));
      });
    }
  });

  it('can be made again at once under the same name', async () => {
    const uid = (await getRelayProxy('basic')).metadata?.uid;
    await suite.cluster.client.delete(types.relayProxy, ref('basic'));
    await applyRelayProxy('basic', {});
    await conditionIs('basic', 'Reconciled', 'True', 'Applied');
    const owner = (await getRelayProxy('basic')).metadata?.uid;
    assert.notEqual(owner, uid);
    await until('children of the new one', async () => {
      const { items } = await suite.cluster.client.list(types.deployment, { namespace: suite.cluster.namespace });
      const found = items.find(({ metadata }) => metadata?.name === 'basic-relay');
      return found?.metadata?.ownerReferences?.[0]?.uid === owner;
    });
  });

  it('says what was refused, in the words of the API server, and goes on with the rest', async () => {
    const quota = { metadata: ref('no-services'), spec: { hard: { services: '0' } } } as KubernetesObject;
    await suite.cluster.client.apply(quotas, quota, { force: true, fieldManager: 'test' });
    await applyRelayProxy('bounded', { replicas: 0 });
    const { message } = await conditionIs('bounded', 'Reconciled', 'False', 'QuotaExceeded');
    assert.match(message, /services "bounded" is forbidden: exceeded quota: no-services/);
    assert.equal(await exists(types.deployment, 'bounded-relay'), true);
    await suite.cluster.client.delete(quotas, ref('no-services'));
    await conditionIs('bounded', 'Reconciled', 'True', 'Applied');
  });

  it('was served by an operator that was refused nothing else', () => {
    const refused = suite.operator
      .output()
      .split('\n')
      .filter((line) => /forbidden/i.test(line));
    assert.deepEqual(
      refused.filter((line) => !line.includes('exceeded quota')),
      [],
    );
  });
});
