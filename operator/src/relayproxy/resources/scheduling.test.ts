import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testRelayProxy } from '../testing/test-relay-proxy.ts';
import { affinityOf, topologySpread } from './scheduling.ts';

test('by default the spread is a wish, and drained nodes do not count', () => {
  const [zone, host] = topologySpread(testRelayProxy());
  assert.equal(zone?.whenUnsatisfiable, 'ScheduleAnyway');
  assert.equal(zone?.topologyKey, 'topology.kubernetes.io/zone');
  assert.ok(!('minDomains' in zone!), 'the API server refuses minDomains with ScheduleAnyway');
  assert.equal(host?.topologyKey, 'kubernetes.io/hostname');
  for (const constraint of [zone, host]) {
    assert.equal(constraint?.nodeTaintsPolicy, 'Honor');
    assert.deepEqual(constraint?.matchLabelKeys, ['pod-template-hash']);
  }
});

test('a required spread leaves pods pending until there are enough zones', () => {
  const [zone, host] = topologySpread(testRelayProxy({ zones: { policy: 'Required', minZones: 3, maxSkew: 2 } }));
  assert.equal(zone?.whenUnsatisfiable, 'DoNotSchedule');
  assert.equal(zone?.minDomains, 3);
  assert.equal(zone?.maxSkew, 2);
  assert.equal(host?.whenUnsatisfiable, 'ScheduleAnyway');
});

const inZones = { key: 'topology.kubernetes.io/zone', operator: 'In', values: ['a', 'b'] };
const required = (affinity: ReturnType<typeof affinityOf>) =>
  affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;

test('without zone names the affinity is what the user gives', () => {
  assert.equal(affinityOf(testRelayProxy()), undefined);
  const affinity = { podAntiAffinity: {} };
  assert.deepEqual(affinityOf(testRelayProxy({ podTemplate: { affinity } })), affinity);
});

test('zone names restrict every alternative of the given node affinity', () => {
  const disk = { key: 'disk', operator: 'Exists' };
  const fields = [{ key: 'metadata.name', operator: 'In', values: ['n1'] }];
  const given = {
    podAntiAffinity: {},
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [disk] }, { matchFields: fields }],
      },
    },
  };
  const zones = { names: ['b', 'a'] };
  assert.deepEqual(required(affinityOf(testRelayProxy({ zones }))), [{ matchExpressions: [inZones] }]);
  const merged = affinityOf(testRelayProxy({ zones, podTemplate: { affinity: given } }));
  assert.deepEqual(required(merged), [
    { matchExpressions: [disk, inZones] },
    { matchFields: fields, matchExpressions: [inZones] },
  ]);
  assert.deepEqual(merged?.podAntiAffinity, {});
});
