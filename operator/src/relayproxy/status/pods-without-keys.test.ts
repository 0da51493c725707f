import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ago, healthy, pod, report } from '../testing/test-snapshot.ts';
import { aggregate } from './aggregate.ts';
import { podsWithoutKeys } from './pods-without-keys.ts';
import { progressing } from './progressing.ts';

const spec = {
  environments: [
    { name: 'production', sdkKeyRef: { name: 'keys', key: 'sdk-key' } },
    { name: 'two', sdkKeyRef: { name: 'tpyo', key: 'sdk-key' }, mobileKeyRef: { name: 'keys', key: 'mob' } },
  ],
};
const missing = (name: string, served: boolean) => ({ name, state: 'CredentialMissing' as const, served });

/** Three pods of before, and one that reported this. */
const rollingOut = (change: Parameters<typeof report>[1], ready = false) => {
  const base = healthy({}, spec);
  return healthy(
    {
      pods: [...base.pods, pod('d', { ready })],
      instances: [...base.instances, report('d', change)],
      deployment: {
        desired: 3,
        replicas: 4,
        ready: 3,
        updated: 1,
        available: 3,
        observed: true,
        paused: false,
        deadlineExceeded: undefined,
        replicaFailure: undefined,
      },
    },
    spec,
  );
};

test('a pod that is not ready without a key is told, with the reference of the spec', () => {
  const cases = [
    [{ ready: false, unhealthy: [missing('two', false)] }, 'the SDK key of two (key "sdk-key" of Secret "tpyo")'],
    [{ ready: false, unhealthy: [missing('two', true)] }, 'the mobile key of two (key "mob" of Secret "keys")'],
    [{ ready: false, unhealthy: [missing('two/filter', false)] }, 'the SDK key of two/filter'],
    [{ ready: false, unhealthy: [missing('*', false)] }, 'the keys of most environments'],
  ] as const;
  for (const [change, words] of cases) {
    assert.deepEqual(podsWithoutKeys(rollingOut({ ...change, unhealthy: [...change.unhealthy] })), [
      `pod-d: not ready without ${words}`,
    ]);
  }
});

test('a key before a rotation is told as well, while a pod of before accepts one', () => {
  const rotated = structuredClone(spec) as typeof spec & { environments: object[] };
  Object.assign(rotated.environments[1] ?? {}, { sdkKeyPreviousRef: { name: 'tpyo', key: 'old' } });
  const files = ['/etc/flagrelay/secrets/two/sdk-key-previous'];
  const held = report('d', { ready: false, missingInputs: [{ name: 'previousKeys', since: ago(5), files }] });
  const told = (previousKeys: string[]) =>
    podsWithoutKeys(
      healthy(
        { pods: [pod('a'), pod('d', { ready: false })], instances: [report('a', { ready: true, previousKeys }), held] },
        rotated,
      ),
    );
  const words = 'pod-d: not ready without the key before the rotation of two (key "old" of Secret "tpyo")';
  assert.deepEqual(told(['two']), [words]);
  assert.deepEqual([told([]), told(['production'])], [[], []]);
});

test('one that is ready, or not ready for another reason, is not', () => {
  assert.deepEqual(podsWithoutKeys(rollingOut({ unhealthy: [missing('two', false)] }, true)), []);
  assert.deepEqual(podsWithoutKeys(rollingOut({ ready: true, unhealthy: [missing('two', false)] })), []);
  assert.deepEqual(podsWithoutKeys(rollingOut({ ready: false })), []);
});

test('a rollout that waits for a key has stopped', () => {
  const snapshot = rollingOut({ ready: false, unhealthy: [missing('two', false)] });
  assert.deepEqual(progressing({ snapshot, environments: aggregate(snapshot) }), {
    status: 'False',
    reason: 'PodsFailing',
    message:
      '1 of 3 pods run the newest pod template, 3 are available; pod-d: not ready without the SDK key of two (key "sdk-key" of Secret "tpyo").',
  });
});
