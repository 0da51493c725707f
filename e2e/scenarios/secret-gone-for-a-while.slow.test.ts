import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startClientPod } from '../clients/client-pod.ts';
import type { KubeObject } from '../cluster/kubectl.ts';
import { repositoryRoot } from '../cluster/paths.ts';
import { waitFor } from '../cluster/wait-for.ts';
import { switchFlag } from '../demo/flags.ts';
import { killPod } from './support/leader.ts';
import { observed } from './support/observed.ts';
import { getThroughApiServer } from './support/relay-http.ts';
import { condition, openStage, waitReady } from './support/stage.ts';

const KEY = 'sdk-00000000-0000-4000-8000-00000000a001';
const OTHER_KEY = 'sdk-00000000-0000-4000-8000-00000000a002';
const FLAG = 'new-checkout';
const OPS_PORT = 8031;

const secret = (name: string, stringData: object) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name },
  stringData,
});
const relayProxy = (name: string, replicas: number, environment: object, rest: object = {}) => ({
  apiVersion: 'flagrelay.dev/v1alpha1',
  kind: 'RelayProxy',
  metadata: { name },
  spec: { replicas, environments: [{ name: 'production', ...environment }], ...rest },
});
const environmentOf = (object: KubeObject) => object.status?.environments?.[0];

test('a Secret that is gone for a while changes nothing for SDKs and is told; another key in it ends the old one', {
  timeout: 500_000,
}, async (t) => {
  const stage = await openStage('secret-gone');
  t.after(stage.close);
  const { kubectl, namespace, relayImage } = stage;
  await kubectl.apply(readFileSync(join(repositoryRoot, 'e2e/demo/manifests/flags.yaml'), 'utf8'), { namespace });
  const data = { data: { configMapKeyRef: { name: 'demo-flags', key: 'flags.yaml' } } };
  const key = (name: string) => ({ sdkKeyRef: { name, key: 'sdk-key' } });
  const both = { sdkKeyRef: { name: 'upstream', key: 'now' }, sdkKeyPreviousRef: { name: 'upstream', key: 'before' } };
  await kubectl.apply(
    [
      secret('upstream', { now: OTHER_KEY, before: KEY }),
      secret('keys', { 'sdk-key': KEY }),
      secret('client', { key: KEY }),
    ],
    { namespace },
  );
  await kubectl.apply([relayProxy('upstream', 1, { ...both, ...data })], { namespace });
  await waitReady(stage, 'upstream');
  const upstream = { streamURI: 'http://upstream:8030', baseURI: 'http://upstream:8030' };
  await kubectl.apply([relayProxy('kept', 2, key('keys'), { upstream })], { namespace });
  await waitReady(stage, 'kept');

  const pods = () => kubectl.list('pods', namespace, 'app.kubernetes.io/instance=kept');
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
      ...['annotate', 'pods', '-l', 'app.kubernetes.io/instance=kept', '-n', namespace],
      ...[`example.com/refresh=${Date.now()}`, '--overwrite'],
    ]);
  const untilStatus = (what: string, fits: (object: KubeObject) => boolean) =>
    kubectl.waitForObject('relayproxy', 'kept', namespace, what, fits, 150_000);

  const before = (await pods()).map((pod) => pod.metadata.uid).sort();
  const client = await startClientPod(kubectl, {
    name: 'sdk',
    namespace,
    image: relayImage,
    relayUrl: 'http://kept:8030',
    sdkKeyRef: { name: 'client', key: 'key' },
    requestsPerSecond: 20,
  });
  await client.waitFor('ready', 'SDK is initialised', () => true, 60_000);
  assert.equal(await opened(), 1);

  await kubectl.run(['delete', 'secret', 'keys', '-n', namespace]);
  const deleted = performance.now();
  await hurry();
  const told = await untilStatus('every pod says that the Secret is gone', (o) => {
    const unhealthy = (o.status?.instances ?? []).flatMap(
      (i: { unhealthy?: { served?: boolean }[] }) => i.unhealthy ?? [],
    );
    return environmentOf(o)?.state === 'CredentialMissing' && unhealthy.length === 2;
  });
  const toldAfter = (performance.now() - deleted) / 1000;
  assert.equal(environmentOf(told).connectedInstances, 2, 'both serve all the same');
  const since = Date.parse(environmentOf(told).lastTransitionTime);
  assert.ok(Math.abs(Date.now() - since) < 150_000, environmentOf(told).lastTransitionTime);
  await untilStatus(
    'the reference is not resolved',
    (o) => condition(o, 'ReferencesResolved') === 'False/CredentialMissing',
  );
  const now = await kubectl.get('relayproxy', 'kept', namespace);
  assert.ok(now);
  assert.equal(condition(now, 'EnvironmentsConnected'), 'True/AllConnected');
  assert.equal(condition(now, 'Ready'), 'True/AllHealthy');

  await switchFlag(kubectl, { namespace, configMap: 'demo-flags', file: 'flags.yaml' }, FLAG, true);
  await client.waitFor('change', 'the change', (r) => r.key === FLAG && r.value === true, 120_000);

  await kubectl.apply([secret('keys', { 'sdk-key': KEY })], { namespace });
  await hurry();
  await untilStatus(
    'healed',
    (o) => environmentOf(o)?.state === 'VALID' && condition(o, 'ReferencesResolved').startsWith('True'),
  );
  assert.equal(await opened(), 1, 'the stream is the one that was opened at first');
  const loop = await client.loop();
  assert.ok(loop !== undefined && loop.sent > 100);
  assert.equal(loop.failed, 0);
  const after = await pods();
  assert.deepEqual(after.map((pod) => pod.metadata.uid).sort(), before, 'the same pods');
  for (const pod of after) assert.equal(pod.status.containerStatuses[0].restartCount, 0);

  // Keys are kept in memory only: a process that is started again meanwhile does not have them, and says that it cannot know.
  await kubectl.run(['delete', 'secret', 'keys', '-n', namespace]);
  await hurry();
  await untilStatus('it is gone again', (o) => condition(o, 'ReferencesResolved') === 'False/CredentialMissing');
  const [victim] = await pods();
  const { name: victimName = '' } = victim?.metadata ?? {};
  const how = await killPod(kubectl, victimName, namespace);
  const address = how === 'SIGKILL' ? `http://${victim?.status.podIP}:8030` : 'http://kept:8030';
  const asked = `fetch('${address}/sdk/flags',{headers:{authorization:'${KEY}'}}).then(r=>console.log(r.status,r.headers.get('retry-after')),e=>console.log(e.cause?.code))`;
  const restarted = async () => {
    const answer = (await kubectl.exec('sdk', namespace, ['/nodejs/bin/node', '-e', asked])).trim();
    assert.doesNotMatch(answer, /^401/, 'nobody is told that the key is wrong');
    return answer === '503 10' || undefined;
  };
  await waitFor('503 of the one that was started again', restarted, { timeoutMs: 60_000, intervalMs: 500 });

  await kubectl.apply([secret('keys', { 'sdk-key': OTHER_KEY })], { namespace });
  await hurry();
  const ask = `fetch('http://kept:8030/sdk/flags',{headers:{authorization:'${KEY}'}}).then(r=>console.log(r.status))`;
  const refused = async () =>
    (await kubectl.exec('sdk', namespace, ['/nodejs/bin/node', '-e', ask])).trim() === '401' || undefined;
  await waitFor('the old key is refused', refused, { timeoutMs: 120_000, intervalMs: 1000 });
  observed('secret-gone-for-a-while', { toldAfterSeconds: toldAfter, requests: loop.sent, failed: loop.failed });
});
