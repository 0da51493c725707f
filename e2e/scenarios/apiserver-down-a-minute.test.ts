import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { applyDemo, startDemoClient } from '../demo/run.ts';
import { observed } from './support/observed.ts';
import { openStage, waitReady } from './support/stage.ts';

/** How long the API server stays away: the scenario is about this very length of time. */
const OUTAGE_MS = 60_000;

test('relays serve on while the API server is away for a minute, then the status catches up', {
  timeout: 600_000,
}, async (t) => {
  const stage = await openStage('apiserver-down');
  t.after(stage.close);
  const { cluster, kubectl, namespace } = stage;
  if (cluster.kind !== 'local') return t.skip(`the API server of a ${cluster.kind} cluster is not ours to stop`);
  await applyDemo(kubectl, namespace);
  const client = await startDemoClient(kubectl, namespace, stage.relayImage, 10);
  await client.waitFor('ready', 'SDK is initialised', () => true, 90_000);

  after(() => cluster.startApiServer());
  await cluster.stopApiServer();
  await delay(OUTAGE_MS);
  await cluster.startApiServer();

  const demo = await waitReady(stage, 'demo', 120_000);
  // A change of the spec after the outage proves that the operator is at work again.
  await kubectl.run(['scale', 'relayproxy', 'demo', '-n', namespace, '--replicas=4']);
  await kubectl.waitForObject(
    'relayproxy',
    'demo',
    namespace,
    '4 ready replicas',
    (o) => o.status?.readyReplicas === 4,
    120_000,
  );
  const totals = await client.loop();
  observed('apiserver-down-a-minute', {
    requests: totals?.sent,
    failed: totals?.failed,
    instances: demo.status.instances?.length,
  });
  assert.ok(totals !== undefined && totals.sent > 300, 'the request loop ran through the outage');
  assert.deepEqual(totals.errors, []);
});
