import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { repositoryRoot } from '../cluster/paths.ts';
import { observed } from './support/observed.ts';
import { openStage, waitReady } from './support/stage.ts';

const manifest = (name: string) => readFileSync(join(repositoryRoot, 'e2e/demo/manifests', `${name}.yaml`), 'utf8');

test('a missing Secret is an environment in state CredentialMissing; pods run, and heal without a restart', {
  timeout: 600_000,
}, async (t) => {
  const stage = await openStage('secret-missing');
  t.after(stage.close);
  const { kubectl, namespace } = stage;
  await kubectl.apply(manifest('flags'), { namespace });
  // The first of the two: an upstream that refuses a key which came too early is another scenario.
  const [upstream = ''] = manifest('relayproxies').split('\n---\n');
  await kubectl.apply(upstream, { namespace });

  const stateOf = (o: { status?: { environments?: { name: string; state: string }[] } }) =>
    o.status?.environments?.find((e) => e.name === 'production')?.state;
  const broken = await kubectl.waitForObject(
    'relayproxy',
    'upstream',
    namespace,
    'CredentialMissing',
    (o) => stateOf(o) === 'CredentialMissing',
  );
  const podsBefore = await kubectl.list('pods', namespace, 'app.kubernetes.io/instance=upstream');
  for (const pod of podsBefore) assert.equal(pod.status.phase, 'Running');
  assert.doesNotMatch(JSON.stringify(broken.status), /sdk-0000/);

  await kubectl.apply(manifest('keys'), { namespace });
  const created = performance.now();
  await waitReady(stage, 'upstream');
  observed('secret-missing-then-created', { healedSeconds: (performance.now() - created) / 1000 });

  const podsAfter = await kubectl.list('pods', namespace, 'app.kubernetes.io/instance=upstream');
  assert.deepEqual(
    podsAfter.map((p) => p.metadata.uid).sort(),
    podsBefore.map((p) => p.metadata.uid).sort(),
    'the same pods',
  );
  for (const pod of podsAfter) assert.equal(pod.status.containerStatuses[0].restartCount, 0);
});
