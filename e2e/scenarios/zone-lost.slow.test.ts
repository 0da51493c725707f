import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitFor } from '../machine/wait-for.ts';
import {
  applyFleet,
  connectionsByPod,
  fleetEvents,
  fleetName,
  startFleetClient,
  startStreams,
} from './support/fleet.ts';
import { observed } from './support/observed.ts';
import { condition, openStage, waitReady } from './support/stage.ts';

const STREAMS = 90;

test('a zone is lost: the others serve on, the status says so; it returns, and the streams spread again', {
  timeout: 900_000,
}, async (t) => {
  const stage = await openStage('zone-lost');
  const { cluster, kubectl, namespace } = stage;
  if (cluster.kind === 'given') return t.skip('the nodes of a given cluster are not ours to stop');
  const nodes = (await kubectl.list('nodes', undefined, '!node-role.kubernetes.io/control-plane')).map(
    (n) => n.metadata.name,
  );
  const [safe = '', lost = ''] = [nodes[0], nodes.at(-1)];
  // Before the namespace goes: pods of a node that is away cannot end.
  t.after(async () => {
    await cluster.startNode(lost);
    await stage.close();
  });
  await applyFleet(stage, { zones: { minZones: 3 }, podTemplate: { terminationGracePeriodSeconds: 12 } });
  await waitReady(stage, fleetName);
  const fleet = async () => (await kubectl.get('relayproxy', fleetName, namespace))!;
  const streams = await startStreams(stage, 'streams', STREAMS, safe);
  const requests = await startFleetClient(stage, {
    name: 'requests',
    requestsPerSecond: 10,
    env: { RETRY_SECONDS: '5' },
    node: safe,
  });
  await requests.waitFor('loop', 'requests are answered', ({ sent }) => sent > 20, 90_000);
  /** Waits until all are open, more than `before` having been opened; answers how many that were. */
  const allOpen = async (before = 0) => {
    const find = async () => {
      const now = await streams.streams();
      return now?.open === STREAMS && now.opened > before ? now.opened : undefined;
    };
    return waitFor('all streams are open', find, { timeoutMs: 90_000, intervalMs: 1000 });
  };
  const opened = await allOpen();
  await kubectl.waitForObject(
    'relayproxy',
    fleetName,
    namespace,
    'three zones',
    (o) => condition(o, 'ZonesSpread') === 'True/Spread',
  );
  const onLost = (await kubectl.list('pods', namespace, 'app.kubernetes.io/component=relay')).find(
    (pod) => pod.spec.nodeName === lost,
  );

  const cut = performance.now();
  await cluster.stopNode(lost);
  await allOpen(opened);
  const streamsBack = Math.round((performance.now() - cut) / 1000);
  const told = await kubectl.waitForObject(
    'relayproxy',
    fleetName,
    namespace,
    'a zone is missing',
    (o) => condition(o, 'ZonesSpread') === 'False/TooFewZones',
    180_000,
  );
  const toldAfter = Math.round((performance.now() - cut) / 1000);
  const atNotice = await requests.loop();
  // From now on nobody is sent to the lost zone any more.
  await waitFor(
    'two hundred further requests',
    async () => ((await requests.loop())!.sent > atNotice!.sent + 200 ? true : undefined),
    { timeoutMs: 60_000, intervalMs: 1000 },
  );
  const away = await requests.loop();

  const back = performance.now();
  await cluster.startNode(lost);
  await kubectl.waitForObject(
    'relayproxy',
    fleetName,
    namespace,
    'three zones',
    (o) => condition(o, 'ZonesSpread') === 'True/Spread',
    180_000,
  );
  const returned = Math.round((performance.now() - back) / 1000);
  const spread = await waitFor(
    'streams in the zone that returned',
    async () => {
      const counts = Object.values(connectionsByPod(await fleet()));
      return counts.length === 3 && Math.min(...counts) >= 8 ? counts.sort((a, b) => a - b) : undefined;
    },
    { timeoutMs: 300_000, intervalMs: 2000 },
  );
  const spreadAfter = Math.round((performance.now() - back) / 1000);
  await allOpen();
  const totals = await requests.loop();
  const held = await streams.streams();
  const events = (await fleetEvents(kubectl, namespace)).filter((text) => /^(Rebalanced|ZonesUnbalanced):/.test(text));
  observed('zone-lost', {
    streamsBack,
    toldAfter,
    returned,
    spread,
    spreadAfter,
    requests: totals,
    atNotice,
    held,
    events,
  });

  assert.ok(onLost !== undefined, 'a pod was in the lost zone');
  assert.equal(condition(told, 'Available').split('/')[0], 'True', 'one pod may be away');
  assert.deepEqual(totals?.errors, []);
  assert.equal(totals?.failed, 0, 'no request failed');
  // One may be on its way when the status says so.
  assert.ok(away!.retried - atNotice!.retried <= 20, 'no attempt is lost once the cluster knows of the loss');
  assert.ok(
    events.some((text) => text.startsWith('ZonesUnbalanced: ')),
    events.join(),
  );
  assert.ok(
    events.some((text) => text.startsWith('Rebalanced: ')),
    events.join(),
  );
});
