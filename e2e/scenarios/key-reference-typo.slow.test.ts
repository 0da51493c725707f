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
  assert.match(
    messageOf(told, 'Progressing'),
    /not ready without the SDK key of production \(key "sdk-key" of Secret "kyes"\)/,
  );
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
