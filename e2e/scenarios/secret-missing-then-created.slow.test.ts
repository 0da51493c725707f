import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { KubeObject } from '../cluster/kubectl.ts';
import { repositoryRoot } from '../machine/paths.ts';
import { observed } from './support/observed.ts';
import { openStage, waitReady } from './support/stage.ts';

const manifest = (name: string) => readFileSync(join(repositoryRoot, 'e2e/demo/manifests', `${name}.yaml`), 'utf8');

const stateOf = (object: KubeObject) =>
  object.status?.environments?.find((e: { name: string }) => e.name === 'production')?.state;

test('a missing Secret is an environment in state CredentialMissing; pods run, and heal without a restart', {
  timeout: 900_000,
}, async (t) => {
  const stage = await openStage('secret-missing');
  t.after(stage.close);
  const { kubectl, namespace } = stage;
  await kubectl.apply(manifest('flags'), { namespace });
  await kubectl.apply(manifest('relayproxies'), { namespace });

  const podsOf = (name: string) => kubectl.list('pods', namespace, `app.kubernetes.io/instance=${name}`);
  const relays = ['upstream', 'demo'];
  for (const name of relays) {
    const missing = (object: KubeObject) => stateOf(object) === 'CredentialMissing';
    const broken = await kubectl.waitForObject('relayproxy', name, namespace, 'CredentialMissing', missing);
    assert.doesNotMatch(JSON.stringify(broken.status), /sdk-0000/);
  }
  const podsBefore = (await Promise.all(relays.map(podsOf))).flat();
  for (const pod of podsBefore) assert.equal(pod.status.phase, 'Running');

  await kubectl.apply(manifest('keys'), { namespace });
  const created = performance.now();
  const healed: Record<string, number> = {};
  // kubelet brings the key to each pod when it likes, within some 90 s. A pod of `demo` that has it before the pod of
  // `upstream` that it asks is refused there, and asks again.
  for (const name of relays) {
    await waitReady(stage, name, 400_000);
    const connected = (object: KubeObject) =>
      object.status.environments[0].connectedInstances === object.spec.replicas && stateOf(object) === 'VALID';
    await kubectl.waitForObject('relayproxy', name, namespace, 'every pod is connected', connected, 400_000);
    healed[name] = (performance.now() - created) / 1000;
  }
  const logs = await Promise.all((await podsOf('demo')).map((pod) => kubectl.logs(pod.metadata.name, namespace)));
  const refused = logs.filter((log) => log.includes('refused the SDK key')).length;
  observed('secret-missing-then-created', { healedSeconds: healed, podsThatWereRefusedFirst: refused });

  const podsAfter = (await Promise.all(relays.map(podsOf))).flat();
  assert.deepEqual(
    podsAfter.map((p) => p.metadata.uid).sort(),
    podsBefore.map((p) => p.metadata.uid).sort(),
    'the same pods',
  );
  for (const pod of podsAfter) assert.equal(pod.status.containerStatuses[0].restartCount, 0);
});
