import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { KubeObject } from '../cluster/kubectl.ts';
import { keysSecret, messageOf, openEditedFleet } from './support/edited-fleet.ts';
import { observed } from './support/observed.ts';
import { condition, openStage } from './support/stage.ts';

/** A pod that does not wait for its key would have been ready, and taken an old one's place, several times over, ms. */
const HELD_MS = 45_000;

const uids = (pods: readonly KubeObject[]) => pods.map((pod) => pod.metadata.uid).sort();

test('a key reference with a typo, in one environment of two, stops the rollout: old pods serve it until the Secret comes', {
  timeout: 500_000,
}, async (t) => {
  const stage = await openStage('key-typo');
  t.after(stage.close);
  const { kubectl, namespace } = stage;
  const fleet = await openEditedFleet(stage, {
    environments: [
      { name: 'production', sdkKeyRef: { name: 'keys', key: 'sdk-key' } },
      { name: 'two', sdkKeyRef: { name: 'keys', key: 'sdk-key-two' } },
    ],
  });
  const old = uids(await fleet.pods());

  // The environment that the SDKs use; the other one has its key, so that a new pod has something to serve.
  await fleet.edit([{ op: 'replace', path: '/spec/environments/0/sdkKeyRef/name', value: 'kyes' }]);
  const isTold = (relay: KubeObject) => condition(relay, 'Progressing') === 'False/PodsFailing';
  const told = await fleet.until('the rollout waits for the key', isTold);
  const missing = /the SDK key of production \(key "sdk-key" of Secret "kyes"\)/;
  assert.match(messageOf(told, 'Progressing'), missing);
  assert.equal(condition(told, 'ReferencesResolved'), 'False/CredentialMissing', 'as soon as one pod says so');
  assert.match(messageOf(told, 'ReferencesResolved'), missing);
  const [held] = (await fleet.pods()).filter((pod) => !old.includes(pod.metadata.uid));
  const heldName = held?.metadata.name ?? '';
  await delay(HELD_MS);
  const during = await fleet.pods();
  assert.deepEqual(
    uids(during).filter((uid) => old.includes(uid ?? '')),
    old,
    'every old pod is there',
  );
  const why = (await kubectl.logs(heldName, namespace)).split('\n').find((line) => line.includes('"not ready: ')) ?? '';
  assert.match(why, /environment production has no key here, and 3 other pods serve it/);
  const later = await fleet.until('it still waits', isTold);
  assert.ok(condition(later, 'Ready').startsWith('True'), 'the fleet is well');
  const whileHeld = await fleet.unharmed();

  await kubectl.apply([keysSecret('kyes')], { namespace });
  // kubelet looks at mounted Secrets about once a minute, and at once when anything about the pod changes.
  await kubectl.run(['annotate', 'pod', heldName, '-n', namespace, `example.com/refresh=${Date.now()}`]);
  await fleet.settled();
  assert.equal(uids(await fleet.pods()).filter((uid) => old.includes(uid ?? '')).length, 0, 'new pods serve now');
  const seen = await fleet.unharmed();
  observed('key-reference-typo', {
    whileHeld,
    ...seen,
    why,
    progressing: messageOf(later, 'Progressing'),
    referencesResolved: `${condition(later, 'ReferencesResolved')} ${messageOf(later, 'ReferencesResolved')}`,
    ready: `${condition(later, 'Ready')} ${messageOf(later, 'Ready')}`,
  });
  assert.equal(seen.failed, 0);
  assert.ok((seen.sent ?? 0) > 500, 'requests were sent all along');
});

test('a new name and a wrong key reference in one edit: old pods serve the environment until the Secret comes', {
  timeout: 500_000,
}, async (t) => {
  const stage = await openStage('key-typo-renamed');
  t.after(stage.close);
  const { kubectl, namespace } = stage;
  const fleet = await openEditedFleet(stage, {
    environments: [
      { name: 'production', sdkKeyRef: { name: 'keys', key: 'sdk-key' } },
      { name: 'two', sdkKeyRef: { name: 'keys', key: 'sdk-key-two' } },
    ],
  });
  const old = uids(await fleet.pods());
  const edited = performance.now();
  await fleet.edit([
    { op: 'replace', path: '/spec/environments/0/name', value: 'prod' },
    { op: 'replace', path: '/spec/environments/0/sdkKeyRef/name', value: 'kyes' },
  ]);
  // The environment of that name is connected nowhere, so that Ready is False; the SDKs do not notice.
  const isTold = (relay: KubeObject) =>
    condition(relay, 'Progressing') === 'False/PodsFailing' &&
    condition(relay, 'ReferencesResolved') === 'False/CredentialMissing';
  const told = await kubectl.waitForObject('relayproxy', 'fleet', namespace, 'it is told', isTold, 120_000);
  const toldAfterSeconds = (performance.now() - edited) / 1000;
  const missing = /the SDK key of prod \(key "sdk-key" of Secret "kyes"\)/;
  assert.match(messageOf(told, 'Progressing'), missing);
  assert.match(messageOf(told, 'ReferencesResolved'), missing);
  assert.match(
    messageOf(told, 'EnvironmentsConnected'),
    /prod \(CredentialMissing; earlier pods serve on without it\)/,
  );
  await delay(HELD_MS);
  const during = await fleet.pods();
  assert.deepEqual(
    uids(during).filter((uid) => old.includes(uid ?? '')),
    old,
    'every old pod is there',
  );
  const [held] = during.filter((pod) => !old.includes(pod.metadata.uid));
  const heldName = held?.metadata.name ?? '';
  const why = (await kubectl.logs(heldName, namespace)).split('\n').find((line) => line.includes('"not ready: ')) ?? '';
  assert.match(why, /environment prod has no key here, and may be one that 3 other pods serve under another name/);
  const whileHeld = await fleet.unharmed();

  await kubectl.apply([keysSecret('kyes')], { namespace });
  await kubectl.run(['annotate', 'pod', heldName, '-n', namespace, `example.com/refresh=${Date.now()}`]);
  const healthy = (relay: KubeObject) =>
    condition(relay, 'Progressing') === 'True/RolloutComplete' && condition(relay, 'Ready') === 'True/AllHealthy';
  await kubectl.waitForObject('relayproxy', 'fleet', namespace, 'the rollout is complete', healthy, 180_000);
  observed('key-reference-typo, renamed', {
    toldAfterSeconds,
    whileHeld,
    ...(await fleet.unharmed()),
    ready: messageOf(told, 'Ready'),
    progressing: messageOf(told, 'Progressing'),
    referencesResolved: messageOf(told, 'ReferencesResolved'),
  });
});

test('a typo in the reference to the key before a rotation stops the rollout: old pods accept the key until the Secret comes', {
  timeout: 500_000,
}, async (t) => {
  const stage = await openStage('key-typo-previous');
  t.after(stage.close);
  const { kubectl, namespace } = stage;
  // The clients have the key before the rotation.
  const fleet = await openEditedFleet(stage, {
    environments: [
      {
        name: 'production',
        sdkKeyRef: { name: 'keys', key: 'sdk-key-two' },
        sdkKeyPreviousRef: { name: 'keys', key: 'sdk-key' },
      },
    ],
  });
  const old = uids(await fleet.pods());
  const edited = performance.now();
  await fleet.edit([{ op: 'replace', path: '/spec/environments/0/sdkKeyPreviousRef/name', value: 'kyes' }]);
  const isTold = (relay: KubeObject) =>
    condition(relay, 'Progressing') === 'False/PodsFailing' &&
    condition(relay, 'ReferencesResolved') === 'True/PreviousKeyNotFound';
  const told = await fleet.until('it is told', isTold);
  const toldAfterSeconds = (performance.now() - edited) / 1000;
  const missing = /of production \(key "sdk-key" of Secret "kyes"\)/;
  assert.match(messageOf(told, 'ReferencesResolved'), missing);
  assert.match(messageOf(told, 'Progressing'), missing);
  await delay(HELD_MS);
  const during = await fleet.pods();
  assert.deepEqual(
    uids(during).filter((uid) => old.includes(uid ?? '')),
    old,
    'every old pod is there',
  );
  const [held] = during.filter((pod) => !old.includes(pod.metadata.uid));
  const heldName = held?.metadata.name ?? '';
  const asked = `fetch('http://${held?.status?.podIP}:8030/sdk/flags',{headers:{authorization:process.env.SDK_KEY}}).then(r=>console.log(r.status,r.headers.get('retry-after')))`;
  const answer = (await kubectl.exec('sdk', namespace, ['/nodejs/bin/node', '-e', asked])).trim();
  assert.equal(answer, '503 10', 'the one that cannot know the key does not say that it is wrong');
  const whileHeld = await fleet.unharmed();

  await kubectl.apply([keysSecret('kyes')], { namespace });
  await kubectl.run(['annotate', 'pod', heldName, '-n', namespace, `example.com/refresh=${Date.now()}`]);
  await fleet.settled();
  observed('key-reference-typo, previous', {
    ...{ toldAfterSeconds, whileHeld, answer },
    ...(await fleet.unharmed()),
    progressing: messageOf(told, 'Progressing'),
    referencesResolved: messageOf(told, 'ReferencesResolved'),
  });
});
