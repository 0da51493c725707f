import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ago, healthy, NOW, pod, report } from '../testing/test-snapshot.ts';
import { computeStatus, invalidStatus } from './status.ts';

test('a healthy RelayProxy', () => {
  const { status, recheckAfterMs } = computeStatus(healthy());
  const { conditions, environments, ...rest } = status;
  assert.deepEqual(rest, {
    observedGeneration: 1,
    replicas: 3,
    readyReplicas: 3,
    updatedReplicas: 3,
    selector: 'app.kubernetes.io/name=flagrelay-relay,app.kubernetes.io/instance=demo',
    image: 'relay:1.2.3',
    version: '1.2.3',
    url: 'http://demo.team.svc:8030',
    environmentsSummary: '1/1',
    zones: ['a', 'b', 'c'].map((name) => ({ name, replicas: 1, readyReplicas: 1 })),
  });
  assert.equal(environments?.[0]?.state, 'VALID');
  assert.equal(conditions?.[0]?.type, 'Ready');
  assert.equal(recheckAfterMs, undefined);
});

test('the status of what is unchanged is unchanged, whenever it is computed', () => {
  const first = computeStatus(healthy()).status;
  const later = computeStatus(healthy({ now: NOW + 3_600_000, previous: first })).status;
  assert.deepEqual(later, first);
});

test('pods that are being deleted, or are nowhere yet, are in no zone', () => {
  const pods = [pod('a', { ready: false }), pod('b', { terminating: true }), pod('c', { zone: undefined })];
  assert.deepEqual(computeStatus(healthy({ pods })).status.zones, [{ name: 'a', replicas: 1, readyReplicas: 0 }]);
});

test('while versions are mixed the older one is shown, by number', () => {
  const instances = [report('a', { version: '0.10.0' }), report('b', { version: '0.9.0' })];
  assert.equal(computeStatus(healthy({ instances })).status.version, '0.9.0');
});

test('an interruption makes the status be computed again when it begins to count', () => {
  const unhealthy = [{ name: 'production', state: 'INTERRUPTED' as const, lastTransitionTime: ago(45) }];
  assert.equal(computeStatus(healthy({ instances: [report('a', { unhealthy })] })).recheckAfterMs, 15_000);
});

test('an object that cannot be understood keeps what is known and says every problem', () => {
  const previous = computeStatus(healthy()).status;
  const problems = [{ path: 'spec.replicas', message: 'must be of type integer' }];
  const status = invalidStatus(2, { ...previous, instances: [report('a')] }, problems, NOW);
  assert.equal(status.observedGeneration, 2);
  assert.equal(status.readyReplicas, 3);
  assert.ok(!('instances' in status), 'items of pods are theirs');
  const [ready, reconciled] = status.conditions ?? [];
  assert.equal(ready?.reason, 'InvalidConfiguration');
  assert.equal(reconciled?.message, 'spec.replicas: must be of type integer');
});

test('with many environments in trouble each tells the kind of its error alone, or the object would be too large', () => {
  const names = Array.from({ length: 11 }, (_, index) => `e${index}`);
  const environments = names.map((name) => ({ name, sdkKeyRef: { name, key: 'sdk' } }));
  const lastError = { kind: 'NETWORK_ERROR', time: ago(90), message: 'refused' };
  const unhealthy = [{ name: '*', state: 'INTERRUPTED' as const, lastTransitionTime: ago(90), lastError }];
  const errors = (count: number) =>
    computeStatus(
      healthy({ instances: [report('a', { unhealthy })] }, { environments: environments.slice(0, count) }),
    ).status.environments?.map((item) => item.lastError);
  assert.deepEqual(errors(10)?.[0], lastError);
  assert.deepEqual(errors(11), Array(11).fill({ kind: 'NETWORK_ERROR' }));
});
