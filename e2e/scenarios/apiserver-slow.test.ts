import assert from 'node:assert/strict';
import { test } from 'node:test';
import { types } from '@flagrelay/operator/kinds';
import { leaseNamespace } from '../control-plane/access.ts';
import { relayProxy } from '../control-plane/fleet.ts';
import { sum, sumBy } from '../control-plane/metrics-text.ts';
import { endOfLog, writesSince } from './support/audit.ts';
import { openLab, otherCluster, waitFleetReady } from './support/lab.ts';
import { observed } from './support/observed.ts';

const namespace = 'default';
/** What each request has to wait, ms. */
const DELAY_MS = 2_000;
const FLEET = 12;

test('an API server that takes two seconds for each request is worked with, without hurry and without doubt', {
  timeout: 400_000,
}, async (t) => {
  const other = await otherCluster();
  if (other !== undefined) return t.skip(other);
  const lab = await openLab(t, 'apiserver-slow');
  const { kubectl, auditLog } = lab.plane;
  const { operator, proxy } = await lab.proxied(0);
  const names = Array.from({ length: FLEET }, (_, index) => `relay-${index}`);
  const lease = () => kubectl.get('lease', 'flagrelay-operator', leaseNamespace);
  const create = (name: string) =>
    lab.client.create(types.relayProxy, { ...relayProxy(0), metadata: { name, namespace } });
  await create('first');
  await waitFleetReady(lab, 'first', namespace, 3);
  const before = (await lease())?.spec;

  const offset = endOfLog(auditLog);
  proxy.inject({ when: () => true, fault: { kind: 'delay', ms: DELAY_MS } });
  const start = performance.now();
  let deepest = 0;
  const watching = setInterval(async () => {
    const metrics = await operator.metrics().catch(() => []);
    deepest = Math.max(deepest, sum(metrics, 'workqueue_depth'));
  }, 1_000);
  t.after(() => clearInterval(watching));
  for (const name of names) await create(name);
  for (const name of names) await waitFleetReady(lab, name, namespace, 3, 240_000);
  const seconds = (performance.now() - start) / 1000;
  clearInterval(watching);

  const writes = writesSince(auditLog, offset).filter(({ user }) => user === 'operator-0');
  const children = new Map<string, number>();
  for (const { resource, subresource, name } of writes) {
    if (resource === 'leases' || resource === 'events' || subresource === 'status') continue;
    children.set(`${resource}/${name}`, (children.get(`${resource}/${name}`) ?? 0) + 1);
  }
  const twice = [...children].filter(([, count]) => count > 1);
  const metrics = await operator.metrics();
  const after = (await lease())?.spec;
  observed('apiserver-slow', {
    secondsToReady: Math.round(seconds),
    writes: writes.length,
    writtenTwice: twice.length,
    deepestQueue: deepest,
    errors: sum(metrics, 'controller_runtime_reconcile_errors_total'),
    requests: Object.fromEntries(sumBy(metrics, 'rest_client_requests_total', 'code')),
  });
  assert.deepEqual(twice, [], 'a child was written twice');
  assert.ok(deepest <= FLEET + 1, `${deepest} keys waited for ${FLEET + 1} objects`);
  assert.equal(operator.ended(), undefined);
  assert.equal(sum(metrics, 'leader_election_master_status'), 1);
  assert.deepEqual(
    [after?.holderIdentity, after?.leaseTransitions, after?.acquireTime],
    [before?.holderIdentity, before?.leaseTransitions, before?.acquireTime],
  );
  proxy.clear();
});
