import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { RelayProxySpecManifest } from '@flagrelay/crds';
import { isNotFound } from '@flagrelay/kube/api-error';
import { createInformer } from '../runtime/index.ts';
import { eventually, openTestCluster, type TestCluster } from '../runtime/testing/cluster.ts';
import { recordingLogger, testMetrics } from '../runtime/testing/fixtures.ts';
import { type RawRelayProxy, types } from './resources/kubernetes-types.ts';
import { applyCrd, startOperator, type TestOperator } from './testing/test-operator.ts';

let cluster: TestCluster;
let operator: TestOperator;
/** Every number of replicas that the Deployment ever had, without repeats. */
const seen: number[] = [];
const watching = new AbortController();

before(async () => {
  cluster = await openTestCluster();
  await applyCrd(cluster.client);
  operator = await startOperator(cluster.client, cluster.namespace);
  const informer = createInformer({
    client: cluster.client,
    type: types.deployment,
    namespaces: [cluster.namespace],
    logger: recordingLogger(),
    metrics: testMetrics(),
  });
  informer.onChange(({ object }) => {
    const replicas = object.spec?.replicas ?? -1;
    if (seen.at(-1) !== replicas) seen.push(replicas);
  });
  void informer.run(watching.signal);
});
after(async () => {
  watching.abort();
  await operator?.stop();
  await cluster?.close();
});

const ref = (name: string) => ({ name, namespace: cluster.namespace });
const environments = [{ name: 'production', sdkKeyRef: { name: 'keys', key: 'sdk' } }];

/** Applies the RelayProxy and waits until the operator has acted on it. Its image is on no node and never pulled. */
async function ask(spec: RelayProxySpecManifest): Promise<void> {
  const object = {
    metadata: ref('switched'),
    spec: { image: 'none', imagePullPolicy: 'Never', environments, ...spec },
  };
  await cluster.client.apply(types.relayProxy, object as RawRelayProxy, { force: true, fieldManager: 'test' });
  await eventually(`the operator acts on ${JSON.stringify(spec)}`, async () => {
    const { metadata, status } = await cluster.client.get(types.relayProxy, ref('switched'));
    return status?.observedGeneration === metadata?.generation;
  });
}

async function replicas(): Promise<number | undefined> {
  return (await cluster.client.get(types.deployment, ref('switched-relay'))).spec?.replicas;
}

async function hasAutoscaler(): Promise<boolean> {
  try {
    await cluster.client.get(types.horizontalPodAutoscaler, ref('switched-relay'));
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

/** Sets the Deployment's scale as a HorizontalPodAutoscaler does. */
async function scaleAsAutoscaler(count: number): Promise<void> {
  const options = { subresource: 'scale', fieldManager: 'kube-controller-manager' };
  const body = { spec: { replicas: count } };
  await cluster.client.patch(types.deployment, ref('switched-relay'), { type: 'merge', body }, options);
}

const connections = { autoscaling: { maxReplicas: 9, targetConnectionsPerReplica: 100 } };
const utilization = { autoscaling: { maxReplicas: 9 } };

describe('who says how many pods there are', () => {
  it('may change in every direction, and no pod is lost by it', async () => {
    const steps: [what: string, spec: RelayProxySpecManifest, replicas: number, autoscaler: boolean, then?: number][] =
      [
        ['fixed', { replicas: 5 }, 5, false],
        ['fixed to connections', connections, 5, false],
        ['connections to an autoscaler, which adds a pod', utilization, 5, true, 6],
        ['an autoscaler to connections', connections, 6, false],
        ['connections to fixed', { replicas: 4 }, 4, false],
        ['fixed to an autoscaler, which adds three', utilization, 4, true, 7],
        ['an autoscaler to fixed, with as many', { replicas: 7 }, 7, false],
        ['and to an autoscaler again', utilization, 7, true],
        ['an autoscaler to a capacity', { capacity: { concurrentConnections: 12_000 } }, 6, false],
      ];
    for (const [what, spec, count, autoscaler, then] of steps) {
      await ask(spec);
      assert.equal(await replicas(), count, what);
      assert.equal(await hasAutoscaler(), autoscaler, what);
      if (then !== undefined) await scaleAsAutoscaler(then);
    }
    await eventually('the watch has caught up', () => seen.at(-1) === 6);
    assert.deepEqual(seen, [5, 6, 4, 7, 6], 'no other number in between');
  });

  it('begins at the floor where there were no pods', async () => {
    await ask({ replicas: 0 });
    assert.equal(await replicas(), 0);
    await ask(utilization);
    assert.equal(await replicas(), 3, 'an autoscaler would leave it at none');
    await ask({ replicas: 0 });
    await ask(connections);
    assert.equal(await replicas(), 3);
  });

  it('puts back what somebody else does to the Deployment, while it is its own to say', async () => {
    await ask(connections);
    await scaleAsAutoscaler(1);
    await eventually('the floor is back', async () => (await replicas()) === 3);
  });

  it('is told by the scale subresource, set or not', async () => {
    await ask({});
    assert.equal(await replicas(), 3);
    const scale = { subresource: 'scale' };
    await assert.rejects(
      cluster.client.get(types.relayProxy, ref('switched'), scale),
      /\.spec\.replicas.* does not exist/,
    );
    const body = { spec: { replicas: 4 } };
    await cluster.client.patch(types.relayProxy, ref('switched'), { type: 'merge', body }, scale);
    await eventually('four replicas', async () => (await replicas()) === 4);
    const found = await cluster.client.get(types.relayProxy, ref('switched'), scale);
    assert.deepEqual((found.spec as { replicas: number }).replicas, 4);
  });
});
