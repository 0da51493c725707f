import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EnvironmentState, InstanceStatus } from '@flagrelay/crds';
import { ago, healthy, NOW, pod, report } from '../testing/test-snapshot.ts';
import { aggregate } from './aggregate.ts';

type Unhealthy = NonNullable<InstanceStatus['unhealthy']>[number];

/** A report in which `production` has been in a state for some seconds. */
function bad(zone: string, state: EnvironmentState, seconds: number, more: Partial<Unhealthy> = {}): InstanceStatus {
  return report(zone, { unhealthy: [{ name: 'production', state, lastTransitionTime: ago(seconds), ...more }] });
}

function production(instances: InstanceStatus[]) {
  return aggregate(healthy({ instances })).list[0]!;
}

test('all pods connected', () => {
  const { status, connected, changesAt } = production([report('a'), report('b')]);
  assert.deepEqual(status, {
    name: 'production',
    state: 'VALID',
    connectedInstances: 2,
    totalInstances: 2,
    lastTransitionTime: ago(0),
  });
  assert.equal(connected, true);
  assert.equal(changesAt, undefined);
});

const cases: [what: string, instances: InstanceStatus[], state: EnvironmentState, connected: boolean][] = [
  ['no report', [], 'INITIALIZING', false],
  ['a new pod among old ones', [report('a'), bad('b', 'INITIALIZING', 2)], 'VALID', true],
  ['a pod that has been starting for long', [report('a'), bad('b', 'INITIALIZING', 61)], 'INITIALIZING', true],
  ['a brief interruption everywhere', [bad('a', 'INTERRUPTED', 5), bad('b', 'INTERRUPTED', 5)], 'INTERRUPTED', true],
  ['a long interruption everywhere', [bad('a', 'INTERRUPTED', 61), bad('b', 'INTERRUPTED', 61)], 'INTERRUPTED', false],
  ['one pod cut off for long', [report('a'), report('b'), bad('c', 'INTERRUPTED', 61)], 'INTERRUPTED', true],
  ['a refused key', [bad('a', 'OFF', 1), bad('b', 'OFF', 1)], 'OFF', false],
  ['a missing Secret', [bad('a', 'CredentialMissing', 1)], 'CredentialMissing', false],
  ['a Secret that pods had before', [bad('a', 'CredentialMissing', 1, { served: true })], 'CredentialMissing', true],
  [
    'the most frequent wins',
    [bad('a', 'INTERRUPTED', 90), bad('b', 'INTERRUPTED', 90), bad('c', 'OFF', 90)],
    'INTERRUPTED',
    false,
  ],
  ['of two as frequent the worse one', [bad('a', 'INTERRUPTED', 90), bad('b', 'OFF', 90)], 'OFF', false],
];

for (const [what, instances, state, connected] of cases) {
  test(`${what}: ${state}, ${connected ? 'connected' : 'not connected'}`, () => {
    const found = production(instances);
    assert.equal(found.status.state, state);
    assert.equal(found.connected, connected);
  });
}

test('a key is missing since the first pod says so', () => {
  const { status } = production([bad('a', 'CredentialMissing', 90), bad('b', 'CredentialMissing', 30)]);
  assert.equal(status.lastTransitionTime, ago(90));
});

test('what is overlooked for now says when it begins to count', () => {
  const { changesAt } = production([bad('a', 'INTERRUPTED', 20), bad('b', 'INTERRUPTED', 50)]);
  assert.equal(changesAt, NOW + 10_000);
});

test('a pod that is not ready connects nobody', () => {
  const found = aggregate(healthy({ instances: [report('a')], pods: [pod('a', { ready: false })] }));
  assert.equal(found.connected, 0);
});

test('a pod with an older configuration says nothing of an environment that it does not know', () => {
  const old = report('a', { configHash: 'old' });
  assert.equal(production([old]).status.state, 'INITIALIZING');
  const after = (state: EnvironmentState) =>
    aggregate(healthy({ instances: [old], previous: { environments: [{ name: 'production', state }] } }));
  assert.equal(after('INITIALIZING').list[0]?.status.state, 'INITIALIZING');
  assert.equal(after('VALID').list[0]?.status.state, 'VALID');
});

test('the time of the last change of state is kept, and the last error stays after recovery', () => {
  const lastError = { kind: 'NETWORK_ERROR', time: ago(500), message: 'refused' };
  const previous = {
    environments: [{ name: 'production', state: 'VALID' as const, lastTransitionTime: ago(400), lastError }],
  };
  const { status } = aggregate(healthy({ previous })).list[0]!;
  assert.equal(status.lastTransitionTime, ago(400));
  assert.deepEqual(status.lastError, lastError);
});

test('the newest error of all pods is shown', () => {
  const error = (seconds: number) => ({ kind: 'NETWORK_ERROR', time: ago(seconds), message: `${seconds}` });
  const instances = [
    bad('a', 'INTERRUPTED', 90, { lastError: error(90) }),
    bad('b', 'INTERRUPTED', 80, { lastError: error(80) }),
  ];
  assert.equal(production(instances).status.lastError?.message, '80');
});

test('the store is as bad as in the worst pod, and absent without one', () => {
  const instances = [bad('a', 'VALID', 5, { storeState: 'INTERRUPTED' }), report('b')];
  const store = { redis: { url: 'redis://r:6379' } };
  assert.equal(aggregate(healthy({ instances }, { store })).list[0]?.status.storeState, 'INTERRUPTED');
  assert.equal(aggregate(healthy({}, { store })).list[0]?.status.storeState, 'VALID');
  assert.equal(production(instances).status.storeState, undefined);
});

test('what a pod says of all others holds for every environment that it does not name', () => {
  const others = { name: '*', state: 'INTERRUPTED' as const, lastTransitionTime: ago(90) };
  const named = { name: 'b', state: 'VALID' as const, lastTransitionTime: ago(90) };
  const environments = ['a', 'b', 'c'].map((name) => ({ name, sdkKeyRef: { name, key: 'sdk' } }));
  const instances = ['a', 'b'].map((zone) => report(zone, { totalEnvironments: 3, unhealthy: [others, named] }));
  const found = aggregate(healthy({ instances }, { environments }));
  assert.deepEqual(
    found.list.map(({ status }) => `${status.name} ${status.state}`),
    ['a INTERRUPTED', 'b VALID', 'c INTERRUPTED'],
  );
  assert.equal(`${found.connected}/${found.total}`, '1/3');

  const autoConfig = { keyRef: { name: 'ld', key: 'auto' } };
  const of = (unhealthy: Unhealthy[]) =>
    aggregate(healthy({ instances: [report('a', { totalEnvironments: 9, unhealthy })] }, { autoConfig }));
  assert.equal(of([others, named]).connected, 1);
  assert.equal(of([{ ...named, state: 'OFF' }]).connected, 8);
});

test('AutoConfig: pods know how many environments there are, and which of them are not well', () => {
  const autoConfig = { keyRef: { name: 'ld', key: 'auto' } };
  const item = { name: 'web', state: 'INTERRUPTED' as const, lastTransitionTime: ago(90) };
  const instances = ['a', 'b'].map((zone) => report(zone, { totalEnvironments: 4, unhealthy: [item] }));
  const found = aggregate(healthy({ instances }, { autoConfig }));
  assert.deepEqual(
    found.list.map(({ status }) => status.name),
    ['web'],
  );
  assert.equal(`${found.connected}/${found.total}`, '3/4');
});

/** Pods of before with other environments than the spec has now, and perhaps a new one that is not ready. */
function rolling(names: string[], environments: string[], newReport?: InstanceStatus) {
  const document = { configMap: 'old', hash: 'old', source: 'environments' as const, environments: new Set(names) };
  const newer = { ...document, configMap: 'new', hash: 'hash', environments: new Set(environments) };
  const old = ['a', 'b'].map((zone) => report(zone, { configHash: 'old', totalEnvironments: names.length }));
  return aggregate(
    healthy(
      {
        pods: [pod('a', { document }), pod('b', { document }), pod('c', { ready: false, document: newer })],
        instances: newReport === undefined ? old : [...old, newReport],
      },
      { environments: environments.map((name) => ({ name, sdkKeyRef: { name: 'keys', key: name } })) },
    ),
  ).list.map(({ status, connected, awaitsPods }) => ({
    ...{ name: status.name, state: status.state, pods: status.totalInstances, connected, awaitsPods },
  }));
}

const waits = { state: 'INITIALIZING', connected: false, awaitsPods: true };
const served = { state: 'VALID', connected: true, awaitsPods: false };

test('an environment that is added waits for pods that have it, and the others are as well as they were', () => {
  assert.deepEqual(rolling(['production'], ['production', 'two']), [
    { name: 'production', pods: 2, ...served },
    { name: 'two', pods: 0, ...waits },
  ]);
});

test('a renamed environment waits until a pod that has it is ready', () => {
  assert.deepEqual(rolling(['production'], ['prod']), [{ name: 'prod', pods: 0, ...waits }]);
  const starting = report('c', { unhealthy: [{ name: 'prod', state: 'INITIALIZING', lastTransitionTime: ago(90) }] });
  assert.deepEqual(rolling(['production'], ['prod'], starting), [{ name: 'prod', pods: 1, ...waits }]);
  // It says that it has the data before kubelet has asked it and the Service leads to it.
  const connected = rolling(['production'], ['prod'], report('c'));
  assert.deepEqual(connected, [{ name: 'prod', pods: 1, ...waits, state: 'VALID' }]);
});

test('what a new pod says is wrong with an environment counts, though no other pod has it', () => {
  const [found] = rolling(['production'], ['prod'], report('c', { unhealthy: [{ name: 'prod', state: 'OFF' }] }));
  assert.deepEqual(found, { name: 'prod', state: 'OFF', pods: 1, connected: false, awaitsPods: false });
});

test('pods of before with environments of their own say nothing of those of AutoConfig', () => {
  const document = { configMap: 'old', hash: 'old', source: 'environments' as const, environments: new Set(['a']) };
  const found = aggregate(
    healthy(
      { pods: [pod('a', { document })], instances: [report('a')] },
      { autoConfig: { keyRef: { name: 'ld', key: 'k' } } },
    ),
  );
  assert.equal(found.total, 0);
  assert.equal(found.awaitsPods, true);
});
