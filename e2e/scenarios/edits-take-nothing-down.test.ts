import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../cluster/kubectl.ts';
import { switchFlag } from '../demo/flags.ts';
import { waitFor } from '../machine/wait-for.ts';
import { editedData, editedFlag, editedFleet, messageOf, openEditedFleet } from './support/edited-fleet.ts';
import { eventsAbout } from './support/events.ts';
import { killPod } from './support/leader.ts';
import { observed } from './support/observed.ts';
import { condition, openStage } from './support/stage.ts';

const uids = (pods: readonly KubeObject[]) => pods.map((pod) => pod.metadata.uid).sort();
const isSecretNotFound = ({ reason }: { reason: string }) => reason === 'SecretNotFound';
const at = (path: string) => `/spec/${path}`;

test('no edit of a healthy fleet fails a request or has an SDK told 401, be its new pods to come or not', {
  timeout: 600_000,
}, async (t) => {
  const stage = await openStage('edits');
  t.after(stage.close);
  const { kubectl, namespace } = stage;
  const fleet = await openEditedFleet(stage);
  const said: Record<string, string> = {};
  const note = (edit: string, relay: KubeObject) => {
    said[edit] = `Ready ${condition(relay, 'Ready')} ${messageOf(relay, 'Ready')}`;
  };

  // More of what there is: an environment, a mobile key, a previous key that is not there (any more).
  const waits = (relay: KubeObject) => condition(relay, 'EnvironmentsConnected') === 'Unknown/AwaitingRollout';
  await fleet.edit([
    { op: 'add', path: at('environments/-'), value: { name: 'two', sdkKeyRef: { name: 'keys', key: 'sdk-key-two' } } },
    { op: 'add', path: at('environments/0/mobileKeyRef'), value: { name: 'keys', key: 'mobile-key' } },
    { op: 'add', path: at('environments/0/sdkKeyPreviousRef'), value: { name: 'keys', key: 'previous' } },
  ]);
  const added = await fleet.until('the new environment waits for new pods', waits);
  note('added', added);
  assert.equal(added.status.environments[0].state, 'VALID', 'the one that was there is served as before');
  await fleet.settled();

  // The same key under another name.
  const rename = (name: string) => ({ op: 'replace', path: at('environments/0/name'), value: name });
  await fleet.edit([rename('prod')]);
  note('renamed', await fleet.until('the new name waits for new pods', waits));
  await fleet.settled();

  // Another name, and an image that is nowhere.
  const image = { op: 'add', path: at('image'), value: 'registry.invalid/flagrelay/relay:no-such-release' };
  const old = uids(await fleet.pods());
  await fleet.edit([rename('live'), image]);
  const stuck = (relay: KubeObject) => condition(relay, 'Progressing') === 'False/PodsFailing' && waits(relay);
  const failing = await fleet.until('the rollout is stuck', stuck);
  note('renamed with a bad image', failing);
  assert.match(messageOf(failing, 'Ready'), /waiting for pods that have them: live; earlier pods serve on/);
  assert.ok(uids(await fleet.pods()).filter((uid) => old.includes(uid)).length === 3, 'the old pods are there');
  await fleet.edit([{ op: 'remove', path: at('image') }]);
  await fleet.settled();

  // Environments of AutoConfig, whose key is not there.
  const settled = uids(await fleet.pods());
  const { spec } = (await kubectl.get('relayproxy', editedFleet, namespace)) ?? {};
  const autoConfig = { keyRef: { name: 'keys', key: 'no-such-key' } };
  await fleet.edit([
    { op: 'remove', path: at('environments') },
    { op: 'add', path: at('autoConfig'), value: autoConfig },
  ]);
  const newPod = async () => (await fleet.pods()).length === 4 || undefined;
  await waitFor('a pod of the new template', newPod, { timeoutMs: 60_000 });
  const unknown = (relay: KubeObject) => condition(relay, 'Ready').startsWith('Unknown');
  note('AutoConfig without its key', await fleet.until('it is told', unknown));
  const runs = (pod: KubeObject) => !settled.includes(pod.metadata.uid) && pod.status?.phase === 'Running';
  const started = async () => (await fleet.pods()).some(runs) || undefined;
  await waitFor('the pod of the new template runs', started, { timeoutMs: 60_000 });
  await fleet.edit([
    { op: 'remove', path: at('autoConfig') },
    { op: 'add', path: at('environments'), value: spec.environments },
  ]);
  await fleet.settled();
  assert.deepEqual(uids(await fleet.pods()), settled, 'the same pods as before');

  // A certificate that is not there: new pods cannot start, and a pod of before that is restarted finds what it had.
  const retriedBefore = (await fleet.unharmed()).retried;
  await fleet.edit([{ op: 'add', path: at('tls'), value: { secretRef: { name: 'no-such-certificate' } } }]);
  await waitFor('a pod of the new template', newPod, { timeoutMs: 60_000 });
  const afterEdit = await fleet.unharmed();
  assert.equal(afterEdit.retried, retriedBefore, 'the Service leads to the old pods all the time');
  const [victim] = (await fleet.pods()).filter((pod) => settled.includes(pod.metadata.uid));
  const name = victim?.metadata.name ?? '';
  // Somebody tidies up: what the pods of before mount is put back, though the spec no longer says how to make it.
  const configOf = (volumes: { name: string; configMap?: { name: string } }[]) =>
    volumes.find((volume) => volume.name === 'config')?.configMap?.name ?? '';
  const configMap = configOf(victim?.spec.volumes);
  await kubectl.run(['delete', 'configmap', configMap, '-n', namespace]);
  await kubectl.waitForObject('configmap', configMap, namespace, 'put back', () => true, 30_000);
  const how = await killPod(kubectl, name, namespace);
  const back = async () => {
    const pods = (await fleet.pods()).filter((pod) => pod.status?.containerStatuses?.[0]?.ready === true);
    const [restarted] = pods.filter((pod) => pod.metadata.name === name);
    const restarts = restarted?.status.containerStatuses[0].restartCount ?? 0;
    return pods.length === 3 && (how === 'force-deleted' || restarts === 1) ? true : undefined;
  };
  await waitFor('three old pods serve again', back, { timeoutMs: 90_000 });
  // Kubernetes tells of a mount that fails when it likes, and the operator after it.
  const told = async () => (await eventsAbout(kubectl, namespace, editedFleet)).some(isSecretNotFound) || undefined;
  await waitFor('the certificate that is not there is told', told, { timeoutMs: 120_000 });
  await fleet.edit([{ op: 'remove', path: at('tls') }]);
  await fleet.settled();

  // No SDK was lost on the way.
  await switchFlag(kubectl, { namespace, ...editedData }, editedFlag, true);
  await fleet.sdk.waitFor('change', 'the change', (r) => r.key === editedFlag && r.value === true, 120_000);
  const seen = await fleet.unharmed();
  observed('edits-take-nothing-down', { ...seen, killed: how, said });
  assert.ok((seen.sent ?? 0) > 500, 'requests were sent all along');
  const warnings = (await eventsAbout(kubectl, namespace, editedFleet)).filter(({ type }) => type === 'Warning');
  assert.deepEqual(
    [...new Set(warnings.map(({ reason }) => reason))].sort(),
    ['PodsFailing', 'SecretNotFound'],
    'only of the image that is nowhere, and of the certificate that is not there',
  );
  const labelSelector = `app.kubernetes.io/instance=${editedFleet}`;
  const configMaps = await kubectl.list('configmaps', namespace, labelSelector);
  assert.ok(configMaps.length <= 4, 'as many configurations as there are ReplicaSets');
});
