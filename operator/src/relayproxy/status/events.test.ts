import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EnvironmentState } from '@flagrelay/crds';
import { ago, complete, healthy, pod, report } from '../testing/test-snapshot.ts';
import { childEvents, statusEvents } from './events.ts';
import type { Snapshot } from './snapshot.ts';
import { computeStatus } from './status.ts';

const status = (change: Partial<Snapshot> = {}, spec = {}) => computeStatus(healthy(change, spec)).status;
const reasons = (before: Partial<Snapshot>, after: Partial<Snapshot>, specs: [object?, object?] = []) =>
  statusEvents(status(before, specs[0]), status(after, specs[1])).map(({ type, reason }) => `${type} ${reason}`);
const reports = (state: EnvironmentState) =>
  ['a', 'b', 'c'].map((zone) =>
    report(zone, { unhealthy: [{ name: 'production', state, lastTransitionTime: ago(90) }] }),
  );
const failed = (reason: 'ApplyFailed' | 'FieldConflict'): Partial<Snapshot> => ({
  outcome: { kind: 'failed', problems: [{ reason, message: 'x' }] },
});
const rolling = { deployment: { ...complete, updated: 1 } };
const store = { store: { redis: { url: 'redis://r:6379' } } };
const storeDown = [report('a', { unhealthy: [{ name: 'production', state: 'VALID', storeState: 'INTERRUPTED' }] })];

const failing: Partial<Snapshot> = {
  deployment: { ...complete, updated: 1, replicas: 4 },
  pods: ['a', 'b', 'c', 'd'].map((zone) =>
    pod(zone, zone === 'd' ? { ready: false, waiting: { reason: 'CrashLoopBackOff', words: undefined } } : {}),
  ),
};
const rotated = [report('a', { credentialsRotatedTime: ago(5) })];

const cases: [expected: string[], before: Partial<Snapshot>, after: Partial<Snapshot>, specs?: [object?, object?]][] = [
  [[], {}, {}],
  [['Warning FieldConflict'], {}, failed('FieldConflict')],
  [['Warning FieldConflict'], failed('ApplyFailed'), failed('FieldConflict')],
  [[], failed('FieldConflict'), failed('FieldConflict')],
  [['Normal RolloutStarted'], {}, rolling],
  [['Normal RolloutComplete'], rolling, {}],
  [['Warning DeadlineExceeded'], rolling, { deployment: { ...complete, deadlineExceeded: 'slow' } }],
  [['Warning InvalidKey'], {}, { instances: reports('OFF') }],
  [['Warning EnvironmentDisconnected'], {}, { instances: reports('INTERRUPTED') }],
  [['Normal EnvironmentConnected'], { instances: reports('INTERRUPTED') }, {}],
  [[], { instances: reports('INITIALIZING') }, {}],
  [['Warning CredentialMissing'], {}, { instances: reports('CredentialMissing') }],
  [['Warning StoreInterrupted'], {}, { instances: storeDown }, [store, store]],
  [['Warning ZonesUnbalanced'], {}, { pods: [pod('a')] }],
  [[], { pods: [] }, { pods: [pod('a')] }],
  [['Warning PodsFailing'], rolling, failing],
  [[], failing, failing],
  [['Normal SecretRotated'], {}, { instances: rotated }],
  [[], { instances: rotated }, { instances: rotated }],
  [['Warning VersionSkew'], {}, { operatorVersion: '1.9.0' }],
  [[], { operatorVersion: '1.9.0' }, { operatorVersion: '1.9.0' }],
  [['Warning Undersized'], {}, {}, [{}, { capacity: { concurrentConnections: 12_000 }, replicas: 3 }]],
  [['Normal Paused'], {}, {}, [{}, { paused: true }]],
  [['Normal Resumed'], {}, {}, [{ paused: true }, {}]],
];

for (const [expected, before, after, specs] of cases) {
  test(`events: ${expected.join() || 'none'}`, () => assert.deepEqual(reasons(before, after, specs), expected));
}

test('a new RelayProxy is not told to be resumed, or to have lost anything', () => {
  const events = statusEvents({}, status({ instances: [], pods: [], deployment: undefined }));
  assert.deepEqual(events, []);
});

test('the first rollout is not told to have started: the Deployment was created just then', () => {
  const none = status({ instances: [], pods: [], deployment: undefined });
  const first = status({ ...rolling, instances: [] });
  assert.deepEqual(statusEvents({}, first), []);
  assert.deepEqual(statusEvents(none, first), []);
});

test('children are told in one event for each kind of change', () => {
  const changes = {
    created: ['Service a', 'Deployment a-relay'],
    updated: [],
    deleted: ['NetworkPolicy a-relay'],
    scaled: { from: 3, to: 5 },
  };
  assert.deepEqual(
    childEvents(changes).map(({ reason, note }) => `${reason}: ${note}`),
    [
      'Created: Created Service a, Deployment a-relay.',
      'Deleted: Deleted NetworkPolicy a-relay.',
      'Scaled: Replicas changed from 3 to 5.',
    ],
  );
});
