import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
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

for (const policy of ['Preferred', 'Required'] as const) {
  test(`where nodes are the zones, one constraint is about them (${policy})`, () => {
    const zones = { topologyKey: 'kubernetes.io/hostname', minZones: 2, policy };
    const constraints = topologySpread(testRelayProxy({ zones }));
    assert.deepEqual(
      constraints.map(({ topologyKey }) => topologyKey),
      ['kubernetes.io/hostname'],
    );
    assert.equal(constraints[0]?.whenUnsatisfiable, policy === 'Required' ? 'DoNotSchedule' : 'ScheduleAnyway');
  });
}

test('no two constraints have the same key and policy, whatever the spec asks for', () => {
  const keys = ['kubernetes.io/hostname', 'topology.kubernetes.io/zone', 'rack'];
  const policies = ['DoNotSchedule', 'ScheduleAnyway'] as const;
  const constraint = fc.record({
    topologyKey: fc.constantFrom(...keys),
    whenUnsatisfiable: fc.constantFrom(...policies),
  });
  const given = fc.uniqueArray(constraint, { maxLength: 6, selector: (c) => c.topologyKey + c.whenUnsatisfiable });
  const policy = fc.constantFrom('Preferred' as const, 'Required' as const);
  fc.assert(
    fc.property(fc.constantFrom(...keys), policy, given, (topologyKey, zonePolicy, constraints) => {
      const others = constraints.filter((one) => one.topologyKey !== topologyKey);
      const made = topologySpread(
        testRelayProxy({
          zones: { topologyKey, policy: zonePolicy },
          podTemplate: { topologySpreadConstraints: others },
        }),
      ).map((one) => `${one.topologyKey} ${one.whenUnsatisfiable}`);
      assert.deepEqual(made, [...new Set(made)]);
    }),
  );
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
