import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RelayProxySpecManifest } from '@flagrelay/crds';
import { parseRelayProxy } from '@flagrelay/crds';
import fc from 'fast-check';
import { testRelayProxy } from '../testing/test-relay-proxy.ts';
import { sizingStatus } from './explain.ts';
import { planOf } from './plan.ts';
import { quantityValue } from './quantity.ts';

const plan = (spec: RelayProxySpecManifest) => planOf(testRelayProxy(spec));
const capacity = (concurrentConnections: number) => ({ concurrentConnections });

test('without a capacity: three pods, small ones', () => {
  assert.deepEqual(plan({}), {
    replicas: 3,
    scaling: undefined,
    resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '512Mi' } },
    sizing: undefined,
  });
  assert.equal(plan({ replicas: 0 }).replicas, 0);
});

test('autoscaling without a capacity', () => {
  const rest = { windowSeconds: 300, max: 9 };
  assert.deepEqual(plan({ replicas: 7, autoscaling: { maxReplicas: 9 } }).scaling, {
    by: 'utilization',
    min: 3,
    cpu: 70,
    memory: undefined,
    ...rest,
  });
  const autoscaling = { minReplicas: 2, maxReplicas: 9, targetConnectionsPerReplica: 500 };
  assert.deepEqual(plan({ autoscaling }).scaling, { by: 'connections', min: 2, target: 500, ...rest });
});

test('a capacity chooses what is not set', () => {
  const cases: [spec: RelayProxySpecManifest, replicas: number, max: number | undefined, perPod: number][] = [
    [{ capacity: capacity(1000) }, 3, undefined, 1000],
    [{ capacity: capacity(12_000) }, 6, undefined, 5000],
    [{ capacity: capacity(12_000), zones: { minZones: 3 } }, 5, undefined, 5000],
    [{ capacity: capacity(12_000), autoscaling: {} }, 6, 10, 5000],
    [{ capacity: capacity(12_000), autoscaling: { targetConnectionsPerReplica: 1000 } }, 6, 24, 5000],
    [{ capacity: capacity(12_000), autoscaling: { minReplicas: 3, maxReplicas: 4 } }, 3, 4, 5000],
    [{ capacity: capacity(12_000), autoscaling: { maxReplicas: 4 } }, 4, 4, 5000],
    [{ capacity: capacity(1000), autoscaling: { minReplicas: 12 } }, 12, 12, 2000],
    [{ capacity: capacity(12_000), replicas: 3 }, 3, undefined, 12_000],
    [{ capacity: capacity(12_000), workers: 4 }, 3, undefined, 12_000],
    [{ capacity: capacity(12_000), replicas: 0 }, 0, undefined, 5000],
  ];
  for (const [spec, replicas, max, perPod] of cases) {
    const made = plan(spec);
    assert.deepEqual(
      [made.replicas, made.scaling?.max, made.sizing?.connectionsPerPod],
      [replicas, max, perPod],
      JSON.stringify(spec),
    );
  }
});

test('the status says what was chosen, and why', () => {
  assert.equal(sizingStatus(testRelayProxy()), undefined);
  assert.deepEqual(sizingStatus(testRelayProxy({ capacity: capacity(12_000) })), {
    concurrentConnections: 12_000,
    replicas: 6,
    connectionsPerReplica: 5000,
    requests: { cpu: '200m', memory: '192Mi' },
    limits: { memory: '512Mi' },
    sufficient: true,
    message:
      '6 pods: twice the 12,000 connections that are expected must fit, and all that are expected while the fullest of 2 zones is lost. Each pod has room for 5,000; none should have more than 5,000.',
  });
  const scaled = sizingStatus(testRelayProxy({ capacity: capacity(12_000), autoscaling: {} }));
  assert.equal(scaled?.maxReplicas, 10);
  assert.match(scaled?.message ?? '', /^6 to 10 pods: the 12,000 connections that are expected must fit while/);
});

test('the status warns of what is set too low, and names what is set', () => {
  const cases: [spec: RelayProxySpecManifest, expected: RegExp[]][] = [
    [{ replicas: 3 }, [/left so: `replicas`\./, /needs: `replicas` is 3, 6 are needed/]],
    [{ autoscaling: { maxReplicas: 4 } }, [/`autoscaling.maxReplicas` is 4, 10 are needed/]],
    [{ autoscaling: { minReplicas: 3 } }, [/`autoscaling.minReplicas` is 3, 6 are needed/]],
    [
      { resources: { limits: { memory: '64Mi' } } },
      [/`resources.limits.memory` is 64Mi, 5,000 connections need 192Mi/],
    ],
    [{ resources: { requests: { cpu: '10m' } } }, [/`resources.requests.cpu` is 10m, 5,000 connections need 200m/]],
    [{ autoscaling: { targetConnectionsPerReplica: 4000 } }, [/leaves a pod no room for twice as many/]],
    [{ zones: { minZones: 1 } }, [/two are needed/]],
  ];
  for (const [spec, expected] of cases) {
    const status = sizingStatus(testRelayProxy({ capacity: capacity(12_000), ...spec }));
    assert.equal(status?.sufficient, false, JSON.stringify(spec));
    for (const pattern of expected) assert.match(status?.message ?? '', pattern);
  }
  const enough = sizingStatus(testRelayProxy({ capacity: capacity(12_000), replicas: 8, resources: { limits: {} } }));
  assert.equal(enough?.sufficient, true);
  assert.match(enough?.message ?? '', /left so: `replicas`, `resources\.limits`\.$/);
  const huge = sizingStatus(testRelayProxy({ capacity: capacity(1_000_000) }));
  assert.match(huge?.message ?? '', /100 pods, the most there may be, cannot carry it/);
});

const count = fc.integer({ min: 1, max: 100 });
const spec = fc.record(
  {
    zones: fc.record({ minZones: fc.integer({ min: 1, max: 16 }), maxSkew: fc.integer({ min: 1, max: 16 }) }),
    replicas: fc.integer({ min: 0, max: 100 }),
    autoscaling: fc.oneof(
      fc.record(
        { minReplicas: count, targetConnectionsPerReplica: fc.integer({ min: 1, max: 10_000 }) },
        { requiredKeys: [] },
      ),
      fc.tuple(count, count).map(([a, b]) => ({ minReplicas: Math.min(a, b), maxReplicas: Math.max(a, b) })),
    ),
    resources: fc.constantFrom({}, { requests: { cpu: '1' } }, { limits: {} }, { limits: { memory: '64Mi' } }),
  },
  { requiredKeys: [] },
);

test('more connections never give fewer pods or less memory, whatever else is set', () => {
  const connections = fc.integer({ min: 1, max: 1_000_000 });
  fc.assert(
    fc.property(spec, connections, connections, (given, a, b) => {
      const [few, many] = [Math.min(a, b), Math.max(a, b)].map((value) =>
        plan({ ...given, capacity: capacity(value) }),
      );
      assert.ok(many!.replicas >= few!.replicas);
      assert.ok((many!.scaling?.max ?? 0) >= (few!.scaling?.max ?? 0));
      assert.ok((few!.scaling?.max ?? Infinity) >= few!.replicas);
      for (const [map, name] of [
        ['requests', 'memory'],
        ['requests', 'cpu'],
        ['limits', 'memory'],
      ] as const) {
        assert.ok(quantityValue(many!.resources[map]?.[name] ?? 0) >= quantityValue(few!.resources[map]?.[name] ?? 0));
      }
      if (given.replicas === undefined && given.autoscaling === undefined) assert.ok(few!.replicas >= 3);
    }),
  );
});

test('every status is one that the CRD allows', () => {
  fc.assert(
    fc.property(spec, fc.integer({ min: 1, max: 10_000_000 }), (given, value) => {
      const relayProxy = testRelayProxy({ ...given, capacity: capacity(value) });
      const sizing = sizingStatus(relayProxy);
      const result = parseRelayProxy({ ...relayProxy, status: { sizing } });
      assert.ok(result.ok, JSON.stringify(result));
    }),
  );
});
