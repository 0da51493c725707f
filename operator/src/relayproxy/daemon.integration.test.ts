import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Lease } from '@flagrelay/kube/lease';
import { leases } from '../runtime/leader-election.ts';
import { controllerOf } from '../runtime/objects.ts';
import { types } from './resources/kubernetes-types.ts';
import { operatorSuite } from './testing/operator-suite.ts';
import { daemon, production } from './testing/test-relay-proxy.ts';

const suite = operatorSuite();
const { until, ref } = suite;
const service = () => suite.cluster.client.get(types.service, ref('flags')).then(Boolean, () => false);
const lease = () => suite.cluster.client.get(leases, ref('flags-relay')).catch(() => undefined);
const status = async () => (await suite.cluster.client.get(types.relayProxy, ref('flags'))).status;

const apply = (spec: object) => suite.apply('flags', { environments: [production], ...spec });

/** What the pods do to the Lease. */
async function renew(holderIdentity: string): Promise<Lease> {
  const found = await suite.cluster.client.get(leases, ref('flags-relay'));
  return suite.cluster.client.replace(leases, {
    ...found,
    spec: { ...found.spec, holderIdentity, leaseDurationSeconds: 15 },
  });
}

describe('mode Daemon', () => {
  it('has a Lease and no Service; renewals of the Lease are nobody else’s business', async () => {
    await apply(daemon);
    const made = await until('the Lease', lease);
    assert.equal(controllerOf(made)?.name, 'flags');
    assert.equal(made.spec?.holderIdentity, undefined);
    const deployment = () => suite.cluster.client.get(types.deployment, ref('flags-relay')).catch(() => undefined);
    assert.equal((await until('the Deployment', deployment)).spec?.replicas, 2);
    assert.equal(await service(), false);
    assert.equal((await status())?.url, undefined);

    const looks = () => suite.operator.metric('controller_runtime_reconcile_total');
    const calm = async () => {
      const before = await looks();
      await new Promise((resolve) => setTimeout(resolve, 3000));
      return (await looks()) === before ? before : undefined;
    };
    const before = await until('the operator is done', calm);
    for (let i = 0; i < 10; i++) await renew(`pod-${i}`);
    await calm();
    assert.equal(await looks(), before, 'a renewal is no reason to look');
    assert.equal((await lease())?.spec?.holderIdentity, 'pod-9', 'who holds it stays');
  });

  it('changes into Proxy and back: the Lease goes with the last pod of before', async () => {
    await apply({});
    await until('the Service is there', service);
    assert.notEqual(await lease(), undefined, 'pods that may hold it run until the new ones are ready');
    await apply({ replicas: 0 });
    await until('the Lease is gone', async () => (await lease()) === undefined);
    await until('its address is told', async () => (await status())?.url);
    await apply(daemon);
    await until(
      'the Lease is there and the Service is gone',
      async () => !(await service()) && (await lease()) !== undefined,
    );
  });
});
