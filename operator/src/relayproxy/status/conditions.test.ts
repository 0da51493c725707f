import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EnvironmentState, RelayProxySpecManifest } from '@flagrelay/crds';
import { ago, complete, healthy, NOW, pod, report } from '../testing/test-snapshot.ts';
import { aggregate } from './aggregate.ts';
import { evaluate } from './conditions.ts';
import type { Snapshot } from './snapshot.ts';

function conditions(change: Partial<Snapshot> = {}, spec: RelayProxySpecManifest = {}) {
  const snapshot = healthy(change, spec);
  return new Map(evaluate({ snapshot, environments: aggregate(snapshot) }).map((item) => [item.type, item]));
}

/** `type status/reason` */
function short(type: string, change: Partial<Snapshot> = {}, spec: RelayProxySpecManifest = {}): string {
  const found = conditions(change, spec).get(type);
  return `${type} ${found?.status}/${found?.reason}`;
}

const reports = (state: EnvironmentState, seconds = 90) =>
  ['a', 'b', 'c'].map((zone) =>
    report(zone, { unhealthy: [{ name: 'production', state, lastTransitionTime: ago(seconds) }] }),
  );
const failed = (reason: 'FieldConflict' | 'QuotaExceeded'): Partial<Snapshot> => ({
  outcome: { kind: 'failed', problems: [{ reason, message: 'what happened' }] },
});
/** Others contest a child; what that does to the pods shows in them if it is the Deployment. */
const contested = (observable: boolean): Partial<Snapshot> => ({
  outcome: { kind: 'failed', problems: [{ reason: 'DriftsBack', message: 'by whom', observable }] },
});
const store = { redis: { url: 'redis://r:6379' } };
const storeDown = ['a', 'b', 'c'].map((zone) =>
  report(zone, { unhealthy: [{ name: 'production', state: 'VALID', storeState: 'INTERRUPTED' }] }),
);
const rolling = { ...complete, updated: 1 };
/** Pods of a former template, with other Secrets. */
const former = ['a', 'b'].map((zone) => report(zone, { configHash: 'old' }));
const missingInputs = [{ name: 'autoConfigKey', since: ago(90), files: ['/etc/flagrelay/autoconfig/key'] }];
const previousKeys = [
  { name: 'previousKeys', since: ago(90), files: ['/etc/flagrelay/secrets/production/sdk-key-previous'] },
];
const rotated = {
  environments: [
    {
      name: 'production',
      sdkKeyRef: { name: 'ld', key: 'new' },
      sdkKeyPreviousRef: { name: 'dl', key: 'old' },
    },
  ],
};
const withoutTls = pod('d', {
  ready: false,
  waiting: {
    reason: 'FailedMount',
    words: 'Secret "nope" (`spec.tls.secretRef`) is not there',
    missing: { reason: 'SecretNotFound', what: 'Secret "nope" (`spec.tls.secretRef`)' },
  },
});
const withoutVariable = { reason: 'CreateContainerConfigError', words: "couldn't find key k in Secret team/s" };
const keysOf = (one: string, other: string, seconds: number) => [
  report('a', { keyRevision: one, credentialsRotatedTime: ago(seconds) }),
  report('b', { keyRevision: other }),
];
const accountReplaced = (accountSeconds: number, reportSeconds: number): Partial<Snapshot> => ({
  accountSince: NOW - accountSeconds * 1000,
  pods: [pod('a', { createdAt: NOW - 9_000_000 })],
  instances: [report('a', { lastReportTime: ago(reportSeconds) })],
});
const autoConfig = { keyRef: { name: 'ld', key: 'auto' } };

/** Pods that were made for another configuration than the newest one. */
const before = (source: 'environments' | 'autoConfig', ...names: string[]): Partial<Snapshot> => {
  const document = { configMap: 'old', hash: 'old', source, environments: new Set(names) };
  return { configMap: 'new', pods: ['a', 'b', 'c'].map((zone) => pod(zone, { document })) };
};

const cases: [expected: string, change: Partial<Snapshot>, spec?: RelayProxySpecManifest][] = [
  ['Ready True/AllHealthy', {}],
  ['Ready False/FieldConflict', failed('FieldConflict')],
  ['Ready False/DriftsBack', contested(false)],
  ['Ready True/AllHealthy', contested(true)],
  ['Ready False/NotAvailable', { ...contested(true), deployment: undefined }],
  ['Ready False/NotAvailable', { deployment: undefined }],
  ['Ready False/EnvironmentsDisconnected', { instances: reports('OFF') }],
  ['Ready Unknown/Initializing', { instances: reports('INITIALIZING') }],
  ['Ready Unknown/Paused', { outcome: { kind: 'paused' } }],

  ['Reconciled True/Applied', {}],
  ['Reconciled Unknown/Paused', { outcome: { kind: 'paused' } }],
  ['Reconciled False/QuotaExceeded', failed('QuotaExceeded')],
  ['Reconciled False/DriftsBack', contested(true)],

  ['ReferencesResolved True/Resolved', {}],
  ['ReferencesResolved False/ConfigMapNotFound', { missing: [{ reason: 'ConfigMapNotFound', what: 'ConfigMap "x"' }] }],
  ['ReferencesResolved False/CredentialMissing', { instances: reports('CredentialMissing') }],
  ['ReferencesResolved Unknown/AwaitingReports', { instances: [] }],
  [
    'ReferencesResolved False/CredentialMissing',
    { instances: [report('a'), ...reports('CredentialMissing', 1).slice(1)] },
  ],
  [
    'ReferencesResolved True/PreviousKeyNotFound',
    { instances: [report('a', { missingInputs: previousKeys })] },
    rotated,
  ],
  ['ReferencesResolved True/Resolved', { instances: [report('a', { missingInputs: previousKeys })] }],

  ['ReferencesResolved Unknown/AwaitingReports', { deployment: rolling, instances: former }, { autoConfig }],
  ['ReferencesResolved True/Resolved', { instances: former }, { autoConfig }],
  ['ReferencesResolved False/SecretKeyNotFound', { instances: [report('a', { missingInputs })] }, { autoConfig }],
  ['ReferencesResolved True/Resolved', { deployment: rolling, instances: [...former, report('d')] }, { autoConfig }],
  ['ReferencesResolved False/SecretNotFound', { deployment: rolling, pods: [pod('a'), withoutTls] }],
  ['ReferencesResolved False/KeyNotFound', { pods: [pod('d', { ready: false, waiting: withoutVariable })] }],
  ['ReferencesResolved True/RotationUnderWay', { instances: keysOf('1a2b', '3c4d', 60) }],
  ['ReferencesResolved False/KeysDiffer', { instances: keysOf('1a2b', '3c4d', 200) }],
  ['ReferencesResolved True/Resolved', { instances: keysOf('1a2b', '1a2b', 200) }],

  ['ReportsReceived True/AllReport', {}],
  ['ReportsReceived Unknown/Initializing', { instances: [] }],
  ['ReportsReceived False/InstancesSilent', { silent: [{ name: 'pod-a', problem: undefined }] }],
  ['ReportsReceived False/TokenRefused', { silent: [{ name: 'pod-a', problem: undefined, cause: 'TokenRefused' }] }],
  ['ReportsReceived Unknown/AccountReplaced', accountReplaced(100, 200)],
  ['ReportsReceived True/AllReport', accountReplaced(100, 50)],
  ['ReportsReceived True/AllReport', accountReplaced(4000, 5000)],

  ['DrainsAllowed True/BudgetAllows', {}],
  ['DrainsAllowed False/BudgetBlocksDrains', {}, { disruptionBudget: { minAvailable: 3 } }],
  ['DrainsAllowed False/BudgetBlocksDrains', {}, { disruptionBudget: { minAvailable: '100%' } }],
  ['DrainsAllowed False/BudgetBlocksDrains', {}, { disruptionBudget: { minAvailable: '67%' } }],
  ['DrainsAllowed True/BudgetAllows', {}, { disruptionBudget: { minAvailable: '66%' } }],
  ['DrainsAllowed False/BudgetBlocksDrains', {}, { disruptionBudget: { maxUnavailable: 0 } }],
  ['DrainsAllowed False/BudgetBlocksDrains', {}, { disruptionBudget: { maxUnavailable: '0%' } }],
  ['DrainsAllowed undefined/undefined', {}, { disruptionBudget: { enabled: false, maxUnavailable: 0 } }],

  ['Available True/MinimumAvailable', {}],
  ['Available True/MinimumAvailable', { deployment: { ...complete, ready: 2 } }],
  ['Available False/BelowMinimum', { deployment: { ...complete, ready: 1 } }],
  ['Available False/NoInstances', { deployment: { ...complete, ready: 0 } }],
  ['Available False/NoInstances', { deployment: { ...complete, desired: 0, ready: 0 } }],
  ['Available False/NoInstances', { deployment: undefined }],

  ['Progressing True/RolloutComplete', {}],
  ['Progressing True/RollingOut', { deployment: { ...complete, updated: 1 } }],
  ['Progressing True/RollingOut', { deployment: { ...complete, observed: false } }],
  ['Progressing False/DeadlineExceeded', { deployment: { ...complete, deadlineExceeded: 'too slow' } }],
  [
    'Progressing False/PodsFailing',
    {
      deployment: { ...complete, replicas: 4, updated: 1 },
      pods: [pod('d', { ready: false, waiting: { reason: 'ImagePullBackOff', words: 'not found' } })],
    },
  ],
  [
    'Progressing True/RollingOut',
    {
      deployment: { ...complete, replicas: 4, updated: 1 },
      pods: [pod('d', { ready: false, waiting: { reason: 'Unschedulable', words: 'no node' } })],
    },
  ],
  ['Progressing False/PodsFailing', { deployment: { ...rolling, replicas: 4 }, pods: [pod('a'), withoutTls] }],
  ['Progressing False/DeploymentPaused', { deployment: { ...complete, paused: true } }],
  ['Progressing False/DeploymentPaused', { deployment: { ...complete, updated: 0, paused: true } }],
  ['Progressing True/UpgradePending', { outcome: { kind: 'applied', upgrade: { why: 'waits' } } }],
  ['Progressing Unknown/Reconciling', { deployment: undefined }],

  ['EnvironmentsConnected True/AllConnected', {}],
  ['EnvironmentsConnected True/AllConnected', { instances: reports('INTERRUPTED', 5) }],
  ['EnvironmentsConnected False/SomeDisconnected', { instances: reports('INTERRUPTED') }],
  ['EnvironmentsConnected False/InvalidKey', { instances: reports('OFF') }],
  ['EnvironmentsConnected False/DuplicateCredential', { instances: reports('DuplicateCredential') }],
  ['EnvironmentsConnected False/CredentialMissing', { instances: reports('CredentialMissing') }],
  ['EnvironmentsConnected Unknown/Initializing', { instances: reports('INITIALIZING') }],
  ['EnvironmentsConnected Unknown/Initializing', { instances: [] }],
  [
    'EnvironmentsConnected Unknown/AwaitingAutoConfig',
    { instances: [report('a', { totalEnvironments: 0 })] },
    { autoConfig },
  ],

  ['Ready Unknown/AwaitingRollout', before('environments', 'of-before')],
  ['EnvironmentsConnected Unknown/AwaitingRollout', before('environments', 'of-before')],
  ['EnvironmentsConnected True/AllConnected', before('environments', 'production')],
  ['EnvironmentsConnected Unknown/AwaitingRollout', before('environments', 'production'), { autoConfig }],
  ['ReferencesResolved Unknown/AwaitingReports', before('environments', 'production')],
  ['ReferencesResolved True/Resolved', { instances: [report('a', { totalEnvironments: 0 })] }, { autoConfig }],

  ['StoreHealthy True/Connected', {}, { store }],
  ['StoreHealthy False/Interrupted', { instances: storeDown }, { store }],
  ['StoreHealthy undefined/undefined', {}],

  ['ZonesSpread True/Spread', {}],
  ['ZonesSpread False/TooFewZones', { pods: [pod('a'), pod('b', { ready: false })] }],
  ['ZonesSpread False/TooFewZones', { pods: [pod('a', { zone: undefined })] }],
  ['ZonesSpread False/Skewed', { pods: [pod('a'), pod('b', { name: '1' }), pod('b', { name: '2' }), pod('b')] }],

  ['VersionSkew False/Supported', {}],
  ['VersionSkew True/RelayTooOld', { operatorVersion: '1.5.0' }],

  ['Paused False/NotPaused', {}],
  ['Paused True/PausedBySpec', { outcome: { kind: 'paused' } }, { paused: true }],
];

for (const [expected, change, spec] of cases) {
  test(expected, () => assert.equal(short(expected.split(' ')[0] as string, change, spec), expected));
}

test('every condition is of the generation, and as old as its last change of status', () => {
  const [status, reason, message] = ['True', 'Old', 'old'] as const;
  const previous = {
    conditions: [
      { type: 'Ready', status, reason, message, lastTransitionTime: ago(900) },
      { type: 'Paused', status, reason, message, lastTransitionTime: ago(900) },
    ],
  };
  const found = conditions({ previous });
  assert.equal(found.get('Ready')?.lastTransitionTime, ago(900));
  assert.equal(found.get('Ready')?.reason, 'AllHealthy');
  assert.equal(found.get('Paused')?.lastTransitionTime, new Date(NOW).toISOString().replace('.000', ''));
  for (const condition of found.values()) assert.equal(condition.observedGeneration, 1);
});

test('a rollout that brings environments is told with what serves meanwhile', () => {
  const message = (source: 'environments' | 'autoConfig', spec: RelayProxySpecManifest) =>
    conditions(before(source, 'of-before'), spec).get('Ready')?.message;
  assert.equal(
    message('environments', {}),
    '0 of 1 environments are connected; waiting for pods that have them: production; earlier pods serve on.',
  );
  assert.match(
    message('environments', { autoConfig }) ?? '',
    /from AutoConfig has reported yet; earlier pods serve on/,
  );
});

test('messages say what is wrong', () => {
  const message = (type: string, change: Partial<Snapshot>) => conditions(change).get(type)?.message;
  const waiting = pod('a', { ready: false, waiting: { reason: 'ImagePullBackOff', words: 'not found' } });
  const deployment = { ...complete, ready: 0, replicaFailure: 'exceeded quota' };
  assert.equal(
    message('Available', { deployment, pods: [waiting] }),
    '0 of 3 pods are ready, at least 2 must be; pods wait: ImagePullBackOff; exceeded quota.',
  );
  const lastError = { kind: 'ERROR_RESPONSE', message: 'HTTP 401' };
  const unhealthy = [{ name: 'production', state: 'OFF' as const, lastError }];
  assert.equal(
    message('Ready', { instances: [report('a', { unhealthy })] }),
    '0 of 1 environments are connected; not connected: production (OFF, HTTP 401).',
  );
});

test('what is missing is named by object, key and field, wherever it is found', () => {
  const message = (change: Partial<Snapshot>, spec?: RelayProxySpecManifest) =>
    conditions(change, spec).get('ReferencesResolved')?.message;
  assert.equal(message({ pods: [withoutTls] }), 'Not there: Secret "nope" (`spec.tls.secretRef`).');
  assert.equal(
    message({ instances: [report('a', { missingInputs })] }, { autoConfig }),
    'Pods miss key "auto" of Secret "ld" (`spec.autoConfig.keyRef`).',
  );
  assert.equal(
    message({ deployment: rolling, instances: former }, { autoConfig }),
    'No pod with the newest configuration has reported yet whether it has its keys: key "auto" of Secret "ld" (`spec.autoConfig.keyRef`).',
  );
  assert.match(
    message({ instances: [report('a', { missingInputs: previousKeys })] }, rotated) ?? '',
    /not the SDK key before a rotation of production \(key "old" of Secret "dl"\)\. .* get 503 and not 401\./,
  );
  assert.equal(
    message({ instances: [report('a'), ...reports('CredentialMissing', 1).slice(1)] }, rotated),
    'Pods miss the SDK key of production (key "new" of Secret "ld").',
  );
  const stuck = conditions({ pods: [withoutTls], deployment: { ...rolling, available: 2 } });
  assert.match(stuck.get('Progressing')?.message ?? '', /Secret "nope"/);
});
