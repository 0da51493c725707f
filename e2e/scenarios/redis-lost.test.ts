import assert from 'node:assert/strict';
import { test } from 'node:test';
import { switchFlag } from '../demo/flags.ts';
import { applyDemo, startDemoClient } from '../demo/run.ts';
import { waitFor } from '../machine/wait-for.ts';
import { observed } from './support/observed.ts';
import { startRedis } from './support/redis.ts';
import { condition, openStage, waitReady } from './support/stage.ts';

const FLAG = 'new-checkout';

test('relays serve on from memory while Redis is gone, and fill it again when it comes back empty', {
  timeout: 600_000,
}, async (t) => {
  const stage = await openStage('redis-lost');
  t.after(stage.close);
  const { cluster, kubectl, namespace } = stage;
  if (cluster.kind === 'given') return t.skip('images cannot be brought to a given cluster');
  const redis = await startRedis(stage);
  await applyDemo(kubectl, namespace);
  const store = JSON.stringify({ spec: { store: { redis: { url: redis.url } } } });
  await kubectl.run(['patch', 'relayproxy', 'demo', '-n', namespace, '--type=merge', '-p', store]);
  await kubectl.rolloutStatus('demo-relay', namespace);
  const storeIs = (wanted: string, timeoutMs = 60_000) =>
    kubectl.waitForObject(
      'relayproxy',
      'demo',
      namespace,
      `StoreHealthy ${wanted}`,
      (o) => condition(o, 'StoreHealthy') === wanted,
      timeoutMs,
    );
  await storeIs('True/Connected');
  const stored = async () => {
    const text = (await redis.cli('hget', 'production:features', FLAG)).trim();
    return text === '' ? undefined : (JSON.parse(text) as { version: number; on: boolean });
  };
  const before = await waitFor('the flag is in Redis', stored, { timeoutMs: 30_000 });
  const client = await startDemoClient(kubectl, namespace, stage.relayImage, 10);
  const ready = await client.waitFor('ready', 'SDK is initialised', () => true, 90_000);

  const gone = performance.now();
  await redis.stop();
  const lost = await storeIs('False/Interrupted');
  const noticedSeconds = (performance.now() - gone) / 1000;
  assert.equal(condition(lost, 'EnvironmentsConnected'), 'True/AllConnected', 'flag data do not depend on Redis');
  const on = ready.flags[FLAG] !== true;
  const flags = { namespace, configMap: 'demo-flags', file: 'flags.yaml' };
  await switchFlag(kubectl, flags, FLAG, on);
  await client.waitFor('change', `${FLAG} is ${on}`, (r) => r.key === FLAG && r.value === on, 180_000);

  await redis.start();
  const back = performance.now();
  await storeIs('True/Connected');
  const after = await waitFor(
    'the changed flag is in Redis',
    async () => {
      const flag = await stored();
      return flag?.on === on ? flag : undefined;
    },
    { timeoutMs: 60_000 },
  );
  const healedSeconds = (performance.now() - back) / 1000;
  await waitReady(stage, 'demo', 60_000);
  const totals = await client.loop();
  observed('redis-lost', {
    noticedSeconds,
    healedSeconds,
    versions: [before.version, after.version],
    requests: totals?.sent,
    failed: totals?.failed,
  });
  assert.ok(after.version > before.version);
  assert.equal((await redis.cli('exists', 'production:$inited')).trim(), '1');
  assert.ok(totals !== undefined && totals.sent > 50, 'the request loop ran through the outage');
  assert.deepEqual(totals.errors, []);
});
