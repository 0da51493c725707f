import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startClientPod } from '../clients/client-pod.ts';
import { switchFlag } from '../demo/flags.ts';
import { repositoryRoot } from '../machine/paths.ts';
import { waitFor } from '../machine/wait-for.ts';
import { observed } from './support/observed.ts';
import { getThroughApiServer } from './support/relay-http.ts';
import { openStage, waitReady } from './support/stage.ts';

const OLD_KEY = 'sdk-00000000-0000-4000-8000-00000000aold';
const NEW_KEY = 'sdk-00000000-0000-4000-8000-00000000anew';
const FLAG = 'new-checkout';
const OPS_PORT = 8031;

const secret = (name: string, stringData: object) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name },
  stringData,
});
const relayProxy = (name: string, replicas: number, environment: object, rest: object) => ({
  apiVersion: 'flagrelay.dev/v1alpha1',
  kind: 'RelayProxy',
  metadata: { name },
  spec: {
    replicas,
    environments: [
      {
        name: 'production',
        sdkKeyRef: { name, key: 'sdk-key' },
        sdkKeyPreviousRef: { name, key: 'sdk-key-previous' },
        ...environment,
      },
    ],
    ...rest,
  },
});

test('a rotated SDK key: both keys work during the grace, no stream is dropped, no pod restarts', {
  timeout: 500_000,
}, async (t) => {
  const stage = await openStage('secret-rotated');
  t.after(stage.close);
  const { kubectl, namespace, relayImage } = stage;
  const flags = readFileSync(join(repositoryRoot, 'e2e/demo/manifests/flags.yaml'), 'utf8');
  await kubectl.apply(flags, { namespace });
  // What stands for LaunchDarkly knows both keys, as LaunchDarkly does while a key is being rotated.
  const both = { 'sdk-key': NEW_KEY, 'sdk-key-previous': OLD_KEY };
  const data = { data: { configMapKeyRef: { name: 'demo-flags', key: 'flags.yaml' } } };
  const upstream = { streamURI: 'http://upstream:8030', baseURI: 'http://upstream:8030' };
  await kubectl.apply([secret('upstream', both), secret('rotated', { 'sdk-key': OLD_KEY })], { namespace });
  await kubectl.apply([relayProxy('upstream', 1, data, {})], { namespace });
  await waitReady(stage, 'upstream');
  await kubectl.apply([relayProxy('rotated', 2, {}, { upstream })], { namespace });
  await waitReady(stage, 'rotated');
  await kubectl.rolloutStatus('rotated-relay', namespace);
  await kubectl.apply([secret('clients', { old: OLD_KEY, new: NEW_KEY })], { namespace });

  const pods = () => kubectl.list('pods', namespace, 'app.kubernetes.io/instance=rotated');
  const before = (await pods()).map((pod) => pod.metadata.uid).sort();
  const client = (name: string, key: string) =>
    startClientPod(kubectl, {
      name,
      namespace,
      image: relayImage,
      relayUrl: 'http://rotated:8030',
      sdkKeyRef: { name: 'clients', key },
    });
  /** Streams that pods of `rotated` have opened in their lives: one more would be a client that came again. */
  const opened = async () => {
    let sum = 0;
    for (const pod of await pods()) {
      const metrics = await getThroughApiServer(kubectl, namespace, pod.metadata.name, OPS_PORT, '/metrics');
      for (const [, value] of metrics.matchAll(/^flagrelay_streams_opened_total\{.*\} (\d+)$/gm)) sum += Number(value);
    }
    return sum;
  };
  /** kubelet looks at mounted Secrets about once a minute, and at once when anything about the pod changes. */
  const hurry = () =>
    kubectl.run([
      ...['annotate', 'pods', '-l', 'app.kubernetes.io/instance=rotated', '-n', namespace],
      ...[`example.com/refresh=${Date.now()}`, '--overwrite'],
    ]);

  const veteran = await client('veteran', 'old');
  await veteran.waitFor('ready', 'SDK is initialised with the old key', () => true, 60_000);
  assert.equal(await opened(), 1);

  const rotatedAt = performance.now();
  await kubectl.apply([secret('rotated', both)], { namespace });
  await hurry();
  const status = await kubectl.waitForObject(
    'relayproxy',
    'rotated',
    namespace,
    'the rotation is told',
    (o) => o.status?.credentialsRotatedTime !== undefined,
  );
  const toldAfter = (performance.now() - rotatedAt) / 1000;
  assert.doesNotMatch(JSON.stringify(status.status), /aold|anew/);
  const rotationEvent = async () =>
    (await kubectl.list('events.events.k8s.io', namespace)).find(
      (event) => (event as unknown as { reason?: string }).reason === 'SecretRotated',
    );
  await waitFor('Event SecretRotated', rotationEvent, { timeoutMs: 30_000 });
  await kubectl.waitForObject(
    'relayproxy',
    'rotated',
    namespace,
    'both pods have the new key',
    (o) => o.status.instances.filter((i: { credentialsRotatedTime?: string }) => i.credentialsRotatedTime).length === 2,
  );

  const recruit = await client('recruit', 'new');
  await recruit.waitFor('ready', 'SDK is initialised with the new key', () => true, 60_000);
  await switchFlag(kubectl, { namespace, configMap: 'demo-flags', file: 'flags.yaml' }, FLAG, true);
  for (const one of [veteran, recruit]) {
    await one.waitFor('change', 'the change', (r) => r.key === FLAG && r.value === true, 120_000);
  }
  const streams = await opened();
  assert.equal(streams, 2, 'the stream of the old key is the one that was opened at first');

  const after = await pods();
  assert.deepEqual(after.map((pod) => pod.metadata.uid).sort(), before, 'the same pods');
  for (const pod of after) assert.equal(pod.status.containerStatuses[0].restartCount, 0);

  // The end of the grace: the old key opens nothing any more.
  const patch = JSON.stringify([{ op: 'remove', path: '/data/sdk-key-previous' }]);
  await kubectl.run(['patch', 'secret', 'rotated', '-n', namespace, '--type=json', '-p', patch]);
  await hurry();
  const ask = `fetch('http://rotated:8030/sdk/flags',{headers:{authorization:'${OLD_KEY}'}}).then(r=>console.log(r.status))`;
  const refused = async () =>
    (await kubectl.exec('recruit', namespace, ['/nodejs/bin/node', '-e', ask])).trim() === '401' || undefined;
  await waitFor('the old key is refused', refused, { timeoutMs: 120_000, intervalMs: 1000 });
  observed('secret-rotated', { toldAfterSeconds: toldAfter, streamsOpened: streams, restarts: 0 });
});
