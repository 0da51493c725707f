import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitFor } from '../machine/wait-for.ts';
import { applyFleet, connectionsByPod, fleetEvents, fleetName, startStreams } from './support/fleet.ts';
import { observed } from './support/observed.ts';
import { watchReplicas } from './support/replicas.ts';
import { condition, openStage, waitReady } from './support/stage.ts';

const STREAMS = 110;
const TARGET = 20;
/** What so many streams ask for. */
const PODS = 6;
const WINDOW_SECONDS = 30;

test('pods follow the open streams, the streams spread over them, and the fleet shrinks to its floor afterwards', {
  timeout: 900_000,
}, async (t) => {
  const stage = await openStage('autoscale');
  t.after(stage.close);
  const { kubectl, namespace } = stage;
  await applyFleet(stage, {
    autoscaling: { maxReplicas: 8, targetConnectionsPerReplica: TARGET, scaleDownStabilizationSeconds: WINDOW_SECONDS },
    podTemplate: { terminationGracePeriodSeconds: 12 },
  });
  await waitReady(stage, fleetName);
  const fleet = async () => (await kubectl.get('relayproxy', fleetName, namespace))!;
  const watch = watchReplicas(kubectl, `${fleetName}-relay`, namespace);
  t.after(watch.stop);
  const first = await watch.waitFor('the floor', ({ ready }) => ready === 3, 60_000);

  const started = performance.now();
  const seconds = () => Math.round((performance.now() - started) / 1000);
  const client = await startStreams(stage, 'application', STREAMS);
  await watch.waitFor('more pods', ({ wanted }) => wanted === PODS, 90_000);
  const wantedAfter = seconds();
  await watch.waitFor('they are ready', ({ ready }) => ready === PODS, 90_000);
  const readyAfter = seconds();

  const spread = await waitFor(
    'every pod has a share of the streams',
    async () => {
      const counts = Object.values(connectionsByPod(await fleet()));
      return counts.length === PODS && Math.min(...counts) >= 4 ? counts.sort((a, b) => a - b) : undefined;
    },
    { timeoutMs: 300_000, intervalMs: 2000 },
  );
  const spreadAfter = seconds();
  const before = condition(await fleet(), 'Autoscaled');
  const held = await waitFor(
    'all streams are open',
    async () => {
      const now = await client.streams();
      return now?.open === STREAMS ? now : undefined;
    },
    { timeoutMs: 60_000, intervalMs: 1000 },
  );

  const closed = performance.now();
  await client.remove();
  await kubectl.waitForObject(
    'relayproxy',
    fleetName,
    namespace,
    'fewer would do, and all are kept for the window',
    (o) => condition(o, 'Autoscaled') === 'True/Stabilizing',
    60_000,
  );
  const keptAt = watch.lines.at(-1)?.wanted;
  await kubectl.waitForObject(
    'deployment',
    `${fleetName}-relay`,
    namespace,
    'the floor',
    (o) => o.spec?.replicas === 3,
  );
  const shrunkAfter = Math.round((performance.now() - closed) / 1000);
  await kubectl.waitForObject('relayproxy', fleetName, namespace, 'three pods', (o) => o.status?.replicas === 3);

  const events = await fleetEvents(kubectl, namespace);
  const told = events.filter((text) => /^(Scaled|Rebalanced):/.test(text));
  const wanted = watch.lines.map((line) => line.wanted).filter((value, at, all) => value !== all[at - 1]);
  observed('autoscale-on-connections', {
    wantedAfter,
    readyAfter,
    spreadAfter,
    spread,
    held,
    shrunkAfter,
    wanted,
    told,
  });
  assert.equal(first.wanted, 3);
  assert.equal(before, 'True/AsWanted');
  assert.ok(held.opened > STREAMS, 'some streams were moved');
  assert.equal(keptAt, PODS);
  assert.ok(shrunkAfter >= WINDOW_SECONDS, 'not before the window had passed');
  const top = wanted.indexOf(PODS);
  const rises = wanted.every(
    (value, at) => at === 0 || (at <= top ? value > wanted[at - 1]! : value < wanted[at - 1]!),
  );
  assert.ok(rises && Math.min(...wanted) === 3 && Math.max(...wanted) === PODS, 'up, then down, and never beyond');
  assert.ok(
    told.some((text) => /^Scaled: Replicas changed from 3 to \d: \d+ open streams/.test(text)),
    told.join(),
  );
  assert.ok(told.some((text) => text.startsWith('Rebalanced: ')));
});
