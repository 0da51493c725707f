import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type ClientPod, startClientPod } from '../clients/client-pod.ts';
import type { KubeObject } from '../cluster/kubectl.ts';
import { switchFlag } from '../demo/flags.ts';
import { repositoryRoot } from '../machine/paths.ts';
import { waitFor } from '../machine/wait-for.ts';
import { killPod } from './support/leader.ts';
import { observed } from './support/observed.ts';
import { type StageRedis, startRedis } from './support/redis.ts';
import { openStage, type Stage, waitReady } from './support/stage.ts';

const FLAG = 'new-checkout';
const NAME = 'functions';
const manifest = (name: string) => readFileSync(join(repositoryRoot, 'e2e/demo/manifests', `${name}.yaml`), 'utf8');

const daemonRelay = (redisUrl: string) => ({
  apiVersion: 'flagrelay.dev/v1alpha1',
  kind: 'RelayProxy',
  metadata: { name: NAME },
  spec: {
    mode: 'Daemon',
    environments: [{ name: 'production', sdkKeyRef: { name: 'demo-keys', key: 'sdk-key' } }],
    store: { redis: { url: redisUrl } },
    upstream: { streamURI: 'http://upstream:8030', baseURI: 'http://upstream:8030' },
  },
});

/** Waits until another pod, or another process in the pod, holds the Lease, and its pod is the active one in the status. */
async function takenOver(
  { kubectl, namespace }: Stage,
  holderBefore: string,
): Promise<{ pod: string; holder: string }> {
  const holder = async () => {
    const found = String((await kubectl.get('lease', `${NAME}-relay`, namespace))?.spec?.holderIdentity ?? '');
    return found === '' || found === holderBefore ? undefined : found;
  };
  const next = await waitFor('somebody else holds the Lease', holder, { timeoutMs: 60_000 });
  const pod = next.slice(0, next.indexOf('_'));
  const shown = (object: KubeObject) => object.status?.activeInstance === pod;
  await kubectl.waitForObject('relayproxy', NAME, namespace, `${pod} is active`, shown, 60_000);
  return { pod, holder: next };
}

/** Switches the flag upstream; resolves to the seconds until the SDK reads the new value from Redis. */
async function changeReachesRedis({ kubectl, namespace }: Stage, client: ClientPod, on: boolean): Promise<number> {
  const begun = performance.now();
  const since = Date.now();
  await switchFlag(kubectl, { namespace, configMap: 'demo-flags', file: 'flags.yaml' }, FLAG, on);
  await client.waitFor('change', `${FLAG} is ${on}`, (r) => r.value === on && r.at >= since, 180_000);
  return (performance.now() - begun) / 1000;
}

/** Addresses of relay pods that have a connection to Redis. */
async function connectedPods(redis: StageRedis, pods: readonly KubeObject[]): Promise<string[]> {
  const clients = await redis.cli('client', 'list');
  return pods.filter((pod) => clients.includes(` addr=${pod.status.podIP}:`)).map((pod) => pod.metadata.name);
}

test('daemon mode: one pod fills Redis, and when it is killed or deleted a stand-by goes on', {
  timeout: 600_000,
}, async (t) => {
  const stage = await openStage('daemon-mode');
  t.after(stage.close);
  const { cluster, kubectl, namespace } = stage;
  if (cluster.kind === 'given') return t.skip('images cannot be brought to a given cluster');
  const redis = await startRedis(stage);
  for (const name of ['keys', 'flags']) await kubectl.apply(manifest(name), { namespace });
  const [upstream = ''] = manifest('relayproxies').split('\n---\n');
  await kubectl.apply(upstream, { namespace });
  await kubectl.apply([daemonRelay(redis.url)], { namespace });
  await waitReady(stage, 'upstream');
  const ready = await waitReady(stage, NAME);
  assert.equal(ready.status.environmentsSummary, '1/1');
  assert.equal(ready.status.url, undefined);
  const inMode = ['get', 'relayproxies', '-n', namespace, '--field-selector', 'spec.mode=Daemon', '-o', 'name'];
  assert.equal((await kubectl.run(inMode)).trim(), `relayproxy.flagrelay.dev/${NAME}`);
  assert.equal(await kubectl.get('service', NAME, namespace), undefined);

  const first = await takenOver(stage, '');
  const pods = () => kubectl.list('pods', namespace, `app.kubernetes.io/instance=${NAME}`);
  assert.equal((await pods()).length, 2);
  assert.deepEqual(await connectedPods(redis, await pods()), [first.pod], 'a stand-by has no connection');
  const client = await startClientPod(kubectl, {
    name: 'function',
    namespace,
    program: 'daemon-client.ts',
    image: stage.relayImage,
    sdkKeyRef: { name: 'demo-keys', key: 'sdk-key' },
    env: { REDIS_URL: redis.url, REDIS_PREFIX: 'production', FLAG },
  });
  const { flags } = await client.waitFor('ready', 'SDK is initialised', () => true, 90_000);
  assert.equal(typeof flags[FLAG], 'boolean', 'the SDK reads what the active pod has written');

  const killedAt = performance.now();
  const how = await killPod(kubectl, first.pod, namespace);
  const second = await takenOver(stage, first.holder);
  const takeoverSeconds = (performance.now() - killedAt) / 1000;
  const on = flags[FLAG] !== true;
  const changeSeconds = [await changeReachesRedis(stage, client, on)];

  await waitReady(stage, NAME);
  const deletedAt = performance.now();
  await kubectl.run(['delete', 'pod', second.pod, '-n', namespace, '--wait=false']);
  const third = await takenOver(stage, second.holder);
  const handoverSeconds = (performance.now() - deletedAt) / 1000;
  assert.notEqual(third.pod, second.pod);
  changeSeconds.push(await changeReachesRedis(stage, client, !on));

  await kubectl.rolloutStatus(`${NAME}-relay`, namespace);
  const healed = await waitReady(stage, NAME);
  const lease = await kubectl.get('lease', `${NAME}-relay`, namespace);
  const active = (healed.status.instances as { name: string; active: boolean }[]).filter((item) => item.active);
  assert.deepEqual(
    active.map(({ name }) => name),
    [third.pod],
  );
  assert.deepEqual(await connectedPods(redis, await pods()), [third.pod]);
  observed('daemon-mode', {
    killed: how,
    takeoverSeconds,
    handoverSeconds,
    changeSeconds,
    transitions: lease?.spec.leaseTransitions,
  });
});
