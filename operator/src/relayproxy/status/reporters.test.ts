import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InstanceStatus } from '@flagrelay/crds';
import { daemon } from '../testing/test-relay-proxy.ts';
import { ago, healthy, NOW, pod, report } from '../testing/test-snapshot.ts';
import type { Snapshot } from './snapshot.ts';
import { computeStatus } from './status.ts';

const active = (zone: string, change: Partial<InstanceStatus> = {}) => report(zone, { active: true, ...change });
const standBy = (zone: string) => report(zone, { active: false, connectedEnvironments: 0, totalEnvironments: 0 });

function statusOf(change: Partial<Snapshot>) {
  const { status, recheckAfterMs } = computeStatus(healthy(change, daemon));
  const condition = (type: string) => {
    const found = status.conditions?.find((item) => item.type === type);
    return found && `${found.status}/${found.reason}`;
  };
  return { status, recheckAfterMs, condition };
}

test('mode Daemon: the active pod speaks for the environments; those that stand by are pods like others', () => {
  const { status, condition } = statusOf({ instances: [standBy('a'), active('b'), standBy('c')] });
  const [environment] = status.environments ?? [];
  assert.deepEqual(
    [environment?.state, environment?.connectedInstances, environment?.totalInstances, environment?.storeState],
    ['VALID', 1, 1, 'VALID'],
  );
  assert.deepEqual([status.environmentsSummary, status.activeInstance, status.url], ['1/1', 'pod-b', undefined]);
  for (const [type, expected] of [
    ['Ready', 'True/AllHealthy'],
    ['Available', 'True/MinimumAvailable'],
    ['EnvironmentsConnected', 'True/AllConnected'],
    ['StoreHealthy', 'True/Connected'],
    ['ZonesSpread', 'True/Spread'],
  ]) {
    assert.equal(condition(type as string), expected);
  }
});

test('mode Daemon: what is wrong in the active pod is wrong', () => {
  const unhealthy = [
    { name: 'production', state: 'OFF' as const, lastTransitionTime: ago(90), storeState: 'INTERRUPTED' as const },
  ];
  const { condition } = statusOf({ instances: [standBy('a'), active('b', { unhealthy }), standBy('c')] });
  assert.deepEqual(
    [condition('EnvironmentsConnected'), condition('StoreHealthy')],
    ['False/InvalidKey', 'False/Interrupted'],
  );
});

test('mode Daemon: of two that call themselves active the one that is not ready any more does not count', () => {
  const lost = active('a', { unhealthy: [{ name: 'production', state: 'INTERRUPTED', lastTransitionTime: ago(300) }] });
  const pods = [pod('a', { ready: false }), pod('b'), pod('c')];
  const { status, condition } = statusOf({ pods, instances: [lost, active('b'), standBy('c')] });
  assert.equal(condition('EnvironmentsConnected'), 'True/AllConnected');
  assert.equal(status.activeInstance, 'pod-b');
});

test('mode Daemon: while nobody is active things are as they were, until that has lasted too long', () => {
  const instances = [standBy('a'), standBy('b'), standBy('c')];
  const environments = [{ name: 'production', state: 'VALID' as const, lastTransitionTime: ago(500) }];
  const first = statusOf({ instances, previous: { environments } });
  assert.equal(first.condition('EnvironmentsConnected'), 'Unknown/AwaitingActive');
  assert.equal(first.condition('StoreHealthy'), 'Unknown/AwaitingActive');
  assert.equal(first.status.environments?.[0]?.state, 'VALID');
  assert.equal(first.status.activeInstance, undefined);
  assert.equal(first.recheckAfterMs, 60_000);

  const later = (seconds: number, previous = first.status) =>
    statusOf({ instances, previous, now: NOW + seconds * 1000 });
  assert.equal(later(59).condition('Ready'), 'Unknown/AwaitingActive');
  const failed = later(60);
  assert.equal(failed.condition('EnvironmentsConnected'), 'False/NoActiveInstance');
  assert.equal(later(61, failed.status).condition('Ready'), 'False/EnvironmentsDisconnected');
});
