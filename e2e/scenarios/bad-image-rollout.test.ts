import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { KubeObject } from '../cluster/kubectl.ts';
import { repositoryRoot } from '../machine/paths.ts';
import { waitFor } from '../machine/wait-for.ts';
import { observed } from './support/observed.ts';
import { getThroughApiServer } from './support/relay-http.ts';
import { condition, openStage, waitReady } from './support/stage.ts';

const manifest = (name: string) => readFileSync(join(repositoryRoot, 'e2e/demo/manifests', `${name}.yaml`), 'utf8');
const OPS_PORT = 8031;

test('a rollout of an image that cannot be pulled stops, says why, and leaves the old pods serving', {
  timeout: 400_000,
}, async (t) => {
  const stage = await openStage('bad-image');
  t.after(stage.close);
  const { kubectl, namespace } = stage;
  for (const name of ['keys', 'flags']) await kubectl.apply(manifest(name), { namespace });
  const [upstream = ''] = manifest('relayproxies').split('\n---\n');
  await kubectl.apply(upstream, { namespace });
  await waitReady(stage, 'upstream');
  await kubectl.rolloutStatus('upstream-relay', namespace);
  const pods = () => kubectl.list('pods', namespace, 'app.kubernetes.io/instance=upstream');
  const before = (await pods()).map((pod) => pod.metadata.uid).sort();

  const setImage = (image: string | null) => {
    const patch = JSON.stringify({ spec: { image } });
    return kubectl.run(['patch', 'relayproxy', 'upstream', '-n', namespace, '--type=merge', '-p', patch]);
  };
  const started = performance.now();
  await setImage('registry.invalid/flagrelay/relay:no-such-release');
  const stuck = await kubectl.waitForObject(
    'relayproxy',
    'upstream',
    namespace,
    'Progressing is False',
    (o) => condition(o, 'Progressing') === 'False/PodsFailing',
  );
  const seconds = (performance.now() - started) / 1000;
  const { message } = stuck.status.conditions.find((c: { type: string }) => c.type === 'Progressing');
  observed('bad-image-rollout', { saidAfterSeconds: seconds, message });
  assert.match(message, /upstream-relay-\S+: (ImagePullBackOff|ErrImageNeverPull) \(.*no-such-release.*\)/);
  assert.equal(condition(stuck, 'Available'), 'True/MinimumAvailable');
  assert.match(condition(stuck, 'Ready'), /^True/, 'all old pods serve');

  const now = await pods();
  assert.equal(now.length, before.length + 1, 'one new pod, and no more');
  const old = now.filter((pod) => before.includes(pod.metadata.uid));
  assert.equal(old.length, before.length);
  for (const pod of old) {
    assert.equal(pod.metadata.deletionTimestamp, undefined);
    assert.match(await getThroughApiServer(kubectl, namespace, pod.metadata.name, OPS_PORT, '/readyz'), /ok/);
  }
  const warning = async () => {
    const events = await kubectl.list('events.events.k8s.io', namespace);
    return events.find((event) => isAbout(event, 'upstream', 'PodsFailing'));
  };
  await waitFor('the Event', warning, { timeoutMs: 30_000 });

  await setImage(null);
  await kubectl.waitForObject(
    'relayproxy',
    'upstream',
    namespace,
    'the rollout is undone',
    (o) => condition(o, 'Progressing') === 'True/RolloutComplete',
  );
  const after = (await pods()).filter((pod) => pod.metadata.deletionTimestamp === undefined);
  assert.deepEqual(after.map((pod) => pod.metadata.uid).sort(), before, 'the same pods as before');
});

function isAbout(event: KubeObject, name: string, reason: string): boolean {
  const { regarding, reason: found } = event as unknown as { regarding?: { name?: string }; reason?: string };
  return regarding?.name === name && found === reason;
}
