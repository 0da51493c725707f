import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type InstanceStatus, parseRelayProxy, type RelayProxySpecManifest } from '@flagrelay/crds';
import fc from 'fast-check';
import { toTime } from '../resources/times.ts';
import { complete, healthy, NOW, pod, report } from '../testing/test-snapshot.ts';
import type { ChildProblem, Outcome, Snapshot } from './snapshot.ts';
import { computeStatus } from './status.ts';

const names = ['production', 'staging', 'test'];
const key = (name: string) => ({ name: 'keys', key: name });

const time = fc.integer({ min: -900, max: 5 }).map((seconds) => toTime(NOW + seconds * 1000));
const state = fc.constantFrom(
  'VALID',
  'INITIALIZING',
  'INTERRUPTED',
  'OFF',
  'CredentialMissing',
  'DuplicateCredential',
);
const storeState = fc.constantFrom('VALID', 'INITIALIZING', 'INTERRUPTED');
const lastError = fc.record({ kind: fc.string({ maxLength: 64 }), time, message: fc.string({ maxLength: 256 }) });
const unhealthy = fc
  .uniqueArray(
    fc.record(
      { name: fc.constantFrom(...names, 'gone'), state, lastTransitionTime: time, lastError, storeState },
      {
        requiredKeys: ['name', 'state'],
      },
    ),
    { selector: (item) => item.name },
  )
  .map((items) => items as NonNullable<InstanceStatus['unhealthy']>);
const zone = fc.constantFrom('a', 'b', 'c', 'd');
const instances = fc.uniqueArray(
  fc
    .tuple(zone, unhealthy, fc.constantFrom('hash', 'old'), fc.constantFrom('1a2b', '3c4d'), time)
    .map(([at, items, configHash, keyRevision, credentialsRotatedTime]) =>
      report(at, {
        unhealthy: items,
        configHash,
        keyRevision,
        credentialsRotatedTime,
        totalEnvironments: names.length,
      }),
    ),
  { selector: (item) => item.name },
);
const pods = fc.uniqueArray(
  fc.tuple(zone, fc.boolean(), fc.boolean()).map(([at, ready, terminating]) => pod(at, { ready, terminating })),
  { selector: (item) => item.name },
);
const count = fc.integer({ min: 0, max: 5 });
const deployment = fc.option(
  fc
    .record({ desired: count, replicas: count, ready: count, updated: count, available: count, observed: fc.boolean() })
    .map((facts) => ({ ...complete, ...facts })),
  { nil: undefined },
);
const problem = fc.record({
  reason: fc.constantFrom<ChildProblem['reason'][]>('FieldConflict', 'ApplyFailed', 'QuotaExceeded', 'Forbidden'),
  message: fc.string({ maxLength: 5000 }),
});
const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  fc.constant({ kind: 'applied' } as const),
  fc.constant({ kind: 'paused' } as const),
  problem.map((first) => ({ kind: 'failed', problems: [first] }) as const),
);
const accountSince = fc.option(
  fc.integer({ min: -4000, max: 0 }).map((seconds) => NOW + seconds * 1000),
  { nil: undefined },
);
const spec: fc.Arbitrary<RelayProxySpecManifest> = fc.constantFrom(
  { environments: names.map((name) => ({ name, sdkKeyRef: key(name) })) },
  { environments: [{ name: 'production', sdkKeyRef: key('p') }], store: { redis: { url: 'redis://r:6379' } } },
  { autoConfig: { keyRef: key('auto') } },
  { offline: { configMapRef: { name: 'archive' } }, replicas: 0 },
);
const snapshot: fc.Arbitrary<Snapshot> = fc
  .record({ spec, changes: fc.record({ instances, pods, deployment, outcome, accountSince }) })
  .map((given) => healthy(given.changes, given.spec));

test('every status is one that the CRD allows', () => {
  fc.assert(
    fc.property(snapshot, (given) => {
      const { status } = computeStatus(given);
      const result = parseRelayProxy({ ...given.relayProxy, status: { ...status, instances: given.instances } });
      assert.ok(result.ok, JSON.stringify(result));
    }),
  );
});

test('computed again at the same moment it is the same: a status never makes work for itself', () => {
  fc.assert(
    fc.property(snapshot, snapshot, (before, given) => {
      const first = computeStatus({ ...given, previous: computeStatus(before).status }).status;
      assert.deepEqual(computeStatus({ ...given, previous: first }).status, first);
    }),
  );
});

test('Ready is True only while everything that it sums up is', () => {
  fc.assert(
    fc.property(snapshot, (given) => {
      const conditions = new Map(computeStatus(given).status.conditions?.map((item) => [item.type, item.status]));
      const parts = ['Reconciled', 'Available', 'EnvironmentsConnected'].map((type) => conditions.get(type));
      assert.equal(
        conditions.get('Ready') === 'True',
        parts.every((status) => status === 'True'),
      );
    }),
  );
});

test('what has changed by time alone is looked at again in time', () => {
  fc.assert(
    fc.property(snapshot, fc.integer({ min: 0, max: 100_000 }), (given, later) => {
      const first = computeStatus(given);
      if (first.recheckAfterMs !== undefined && later >= first.recheckAfterMs) return;
      const second = computeStatus({ ...given, now: NOW + later, previous: first.status }).status;
      assert.deepEqual(second, first.status);
    }),
  );
});
