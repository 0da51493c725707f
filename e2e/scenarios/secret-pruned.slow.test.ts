import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { switchFlag } from '../demo/flags.ts';
import { waitFor } from '../machine/wait-for.ts';
import { editedData, editedFlag, editedFleet, keysSecret, openEditedFleet } from './support/edited-fleet.ts';
import { observed } from './support/observed.ts';
import { condition, openStage } from './support/stage.ts';

/** kubelets have looked at a mounted Secret within this time of a change of its pod, ms. */
const LOOKED_MS = 10_000;

/** Absence is not revocation: only another key, or upstream's word, ends one. */
test('a Secret that is renamed and pruned, or gone for a while, changes nothing for SDKs', {
  timeout: 700_000,
}, async (t) => {
  const stage = await openStage('secret-pruned');
  t.after(stage.close);
  const { kubectl, namespace } = stage;
  // Old pods are there for a while after the old Secret is gone, as in a larger fleet.
  const fleet = await openEditedFleet(stage, { rollout: { minReadySeconds: 15 } });
  /** kubelet looks at mounted Secrets about once a minute, and at once when anything about the pod changes. */
  const hurry = async () => {
    const selected = ['-l', `app.kubernetes.io/instance=${editedFleet}`, '-n', namespace];
    await kubectl.run(['annotate', 'pods', ...selected, `example.com/refresh=${Date.now()}`, '--overwrite']);
    await delay(LOOKED_MS);
  };

  // As kustomize's secretGenerator and a pruning Argo CD or Flux do.
  await kubectl.apply([keysSecret('keys-abc')], { namespace });
  await fleet.edit([{ op: 'replace', path: '/spec/environments/0/sdkKeyRef/name', value: 'keys-abc' }]);
  await kubectl.remove('secret', 'keys', namespace);
  await hurry();
  const complete = (relay: Parameters<typeof condition>[0]) =>
    condition(relay, 'Progressing') === 'True/RolloutComplete' && condition(relay, 'Ready').startsWith('True');
  const isDone = async () => {
    const relay = await kubectl.get('relayproxy', editedFleet, namespace);
    const isNow = relay?.status?.observedGeneration === relay?.metadata.generation;
    return relay !== undefined && isNow && complete(relay) ? true : undefined;
  };
  await waitFor('all pods have the new Secret', isDone, { timeoutMs: 300_000, intervalMs: 1000 });
  const renamed = await fleet.unharmed();

  // As external-secrets and `kubectl replace --force` do.
  await kubectl.remove('secret', 'keys-abc', namespace);
  await hurry();
  const missing = await kubectl.waitForObject(
    'relayproxy',
    editedFleet,
    namespace,
    'the missing Secret is told',
    (relay) => condition(relay, 'ReferencesResolved') === 'False/CredentialMissing',
  );
  const told = condition(missing, 'ReferencesResolved');
  await fleet.unharmed();
  await kubectl.apply([keysSecret('keys-abc')], { namespace });
  await hurry();
  await waitFor('it is well again', isDone, { timeoutMs: 180_000, intervalMs: 1000 });

  await switchFlag(kubectl, { namespace, ...editedData }, editedFlag, true);
  await fleet.sdk.waitFor('change', 'the change', (r) => r.key === editedFlag && r.value === true, 120_000);
  const seen = await fleet.unharmed();
  observed('secret-pruned', { ...seen, told, afterTheRename: renamed.sent });
  assert.equal(seen.streamsOpened, renamed.streamsOpened, 'no stream ended for the absence');
});
