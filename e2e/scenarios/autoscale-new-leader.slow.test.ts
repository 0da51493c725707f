import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Deployment, type Pod, type RawRelayProxy, types } from '@flagrelay/operator/kinds';
import { instanceLabel, shedAnnotation } from '@flagrelay/operator/names';
import { leaseNamespace } from '../control-plane/access.ts';
import { relayProxy } from '../control-plane/fleet.ts';
import { waitFor } from '../machine/wait-for.ts';
import { openLab, otherCluster, waitFleetReady } from './support/lab.ts';
import { observed } from './support/observed.ts';
import { condition } from './support/stage.ts';

const namespace = 'default';
const name = 'scaled';
const WINDOW_SECONDS = 20;

test('an operator that takes over goes on scaling, and removes no pod before a window of its own has passed', {
  timeout: 400_000,
}, async (t) => {
  const other = await otherCluster();
  if (other !== undefined) return t.skip(other);
  const lab = await openLab(t, 'autoscale-new-leader');
  const { kubectl } = lab.plane;
  const pods = async (): Promise<readonly Pod[]> =>
    (await lab.client.list(types.pod, { namespace, labelSelector: `${instanceLabel}=${name}` })).items.filter(
      ({ metadata }) => metadata?.deletionTimestamp === undefined,
    );
  /** Reports as the pods would; the simulator of the lab has reported none open for each. */
  const report = async (which: readonly Pod[], connections: number) => {
    for (const { metadata: { name: pod = '', uid = '' } = {} } of which) {
      const status = {
        instances: [{ name: pod, uid, ready: true, connections, connectedEnvironments: 1, totalEnvironments: 1 }],
      };
      const object = { metadata: { name, namespace }, status } as RawRelayProxy;
      const options = { subresource: 'status', fieldManager: `flagrelay/${pod}`, force: true };
      await lab.client.apply(types.relayProxy, object, options);
    }
  };
  const replicas = async () =>
    (await lab.client.get<Deployment>(types.deployment, { name: `${name}-relay`, namespace })).spec?.replicas;
  const becomes = (count: number, timeoutMs: number) =>
    waitFor(`${count} replicas`, async () => ((await replicas()) === count ? true : undefined), { timeoutMs });

  const first = await lab.operator(0);
  const autoscaling = {
    maxReplicas: 8,
    targetConnectionsPerReplica: 100,
    scaleDownStabilizationSeconds: WINDOW_SECONDS,
  };
  const { spec, ...rest } = relayProxy(0);
  const object = { ...rest, metadata: { name, namespace }, spec: { ...(spec as object), autoscaling } };
  await lab.client.create(types.relayProxy, object);
  await waitFleetReady(lab, name, namespace, 3);
  const before = await pods();

  await report(before, 200);
  await becomes(6, 30_000);
  await waitFleetReady(lab, name, namespace, 6);

  // The new pods have nothing: the others are asked to close some of theirs.
  const asked = await waitFor(
    'orders to the pods that have too much',
    async () => {
      const orders = (await pods()).flatMap(({ metadata }) => metadata?.annotations?.[shedAnnotation] ?? []);
      return orders.length === 3 ? orders : undefined;
    },
    { timeoutMs: 90_000, intervalMs: 500 },
  );
  await report(await pods(), 100);
  await kubectl.waitForObject(
    'relayproxy',
    name,
    namespace,
    'as wanted',
    (o) => condition(o, 'Autoscaled') === 'True/AsWanted',
  );

  // The load goes, and so does the leader, which knew since when.
  const second = await lab.operator(1);
  await report(await pods(), 10);
  await kubectl.waitForObject(
    'relayproxy',
    name,
    namespace,
    'waiting',
    (o) => condition(o, 'Autoscaled') === 'True/Stabilizing',
  );
  first.signal('SIGKILL');
  await waitFor(
    'the other one leads',
    async () => {
      const lease = await kubectl.get('lease', 'flagrelay-operator', leaseNamespace);
      return String(lease?.spec?.holderIdentity ?? '').startsWith('operator-1_') ? true : undefined;
    },
    { timeoutMs: 60_000 },
  );
  const leads = performance.now();
  await becomes(3, 90_000);
  const seconds = Math.round((performance.now() - leads) / 1000);
  const metrics = await second.metrics();
  const scalings = metrics.filter((series) => series.name === 'flagrelay_operator_scalings_total');
  observed('autoscale-new-leader', { shrunkAfterTakeover: seconds, window: WINDOW_SECONDS, asked: asked[0], scalings });
  assert.deepEqual([...new Set(asked.map((text) => JSON.parse(text).share))], [0.2]);
  assert.ok(seconds >= WINDOW_SECONDS - 2, `a window passed first: ${seconds} s`);
});
