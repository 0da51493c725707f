import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { InstanceStatus } from '@flagrelay/crds';
import { openTestCluster, type TestCluster } from '../runtime/testing/cluster.ts';
import { type RawRelayProxy, types } from './resources/kubernetes-types.ts';
import { fieldManager } from './resources/names.ts';
import { computeStatus } from './status/status.ts';
import { applyCrd } from './testing/test-operator.ts';
import { ago, healthy, pod } from './testing/test-snapshot.ts';

const ENVIRONMENTS = 100;
const PODS = 30;
const LIMIT = 40_000;

let cluster: TestCluster;
before(async () => {
  cluster = await openTestCluster();
  await applyCrd(cluster.client);
});
after(() => cluster?.close());

const environments = Array.from({ length: ENVIRONMENTS }, (_, index) => ({
  name: `storefront-${String(index).padStart(3, '0')}`,
  sdkKeyRef: { name: 'launchdarkly', key: `sdk-${index}` },
  clientSideID: `507f1f77bcf86cd7994390${String(index).padStart(2, '0')}`,
}));
const podName = (index: number) => `storefront-relay-6d4b75cb6d-${String(index).padStart(5, 'x')}`;
const podUid = (index: number) => `0b7d5f9e-6a1c-4b8f-9d2e-${String(index).padStart(12, '0')}`;
const lastError = { kind: 'NETWORK_ERROR', time: ago(90), message: 'connect ECONNREFUSED stream.launchdarkly.com:443' };

type Unhealthy = NonNullable<InstanceStatus['unhealthy']>;
const interrupted = (name: string): Unhealthy[number] => ({
  name,
  state: 'INTERRUPTED',
  lastTransitionTime: ago(90),
  lastError,
});

/** The stored object, once 30 pods have reported what is wrong and the operator has put it together: bytes of JSON. */
async function measure(name: string, unhealthy: Unhealthy): Promise<{ status: number; withManagedFields: number }> {
  const metadata = { name, namespace: cluster.namespace };
  const spec = { environments, paused: true };
  await cluster.client.apply(types.relayProxy, { metadata, spec } as RawRelayProxy, { force: true });
  const instances = Array.from({ length: PODS }, (_, index): InstanceStatus => {
    const lost = unhealthy.some((item) => item.name === '*') ? ENVIRONMENTS : unhealthy.length;
    return {
      name: podName(index),
      uid: podUid(index),
      zone: `eu-west-1${'abc'[index % 3]}`,
      version: '0.1.0',
      ready: true,
      connections: 1200,
      connectedEnvironments: ENVIRONMENTS - lost,
      totalEnvironments: ENVIRONMENTS,
      configHash: '0123456789abcdef',
      lastReportTime: ago(0),
      unhealthy,
    };
  });
  for (const item of instances) {
    const options = { subresource: 'status', fieldManager: `flagrelay/${item.name}`, force: true };
    await cluster.client.apply(types.relayProxy, { metadata, status: { instances: [item] } } as RawRelayProxy, options);
  }
  const pods = instances.map((item, index) => pod(item.zone ?? '', { name: podName(index), uid: podUid(index) }));
  const snapshot = healthy({ pods, instances, configHash: '0123456789abcdef' }, { environments });
  const { status: own } = computeStatus(snapshot);
  const options = { subresource: 'status', fieldManager, force: true };
  await cluster.client.apply(types.relayProxy, { metadata, status: own } as RawRelayProxy, options);
  const stored = await cluster.client.get(types.relayProxy, metadata);
  assert.equal(stored.status?.instances?.length, PODS);
  assert.equal(stored.status?.environments?.length, ENVIRONMENTS);
  const ofStatus = (stored.metadata?.managedFields ?? []).filter((entry) =>
    Reflect.get(entry as object, 'subresource'),
  );
  const status = JSON.stringify(stored.status).length;
  return { status, withManagedFields: status + JSON.stringify(ofStatus).length };
}

const cases: [what: string, name: string, unhealthy: Unhealthy][] = [
  ['all is well', 'well', []],
  ['an environment is cut off', 'one', environments.slice(0, 1).map(({ name }) => interrupted(name))],
  ['upstream is lost', 'lost', [interrupted('*')]],
];

for (const [what, name, unhealthy] of cases) {
  test(`${ENVIRONMENTS} environments, ${PODS} pods, ${what}: the status stays below ${LIMIT / 1000} KB`, async () => {
    const size = await measure(name, unhealthy);
    console.log(`observed status-size: ${JSON.stringify({ what, ...size })}`);
    assert.ok(size.status < LIMIT, `the status has ${size.status} bytes`);
    assert.ok(size.withManagedFields < 1.4 * LIMIT, `with its managedFields it has ${size.withManagedFields} bytes`);
  });
}
