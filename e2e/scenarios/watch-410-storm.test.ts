import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { types } from '@flagrelay/operator/kinds';
import type { ProxiedRequest } from '@flagrelay/operator/testing/fault-proxy';
import { mountedConfigMap } from '@flagrelay/operator/volumes';
import { relayProxy } from '../control-plane/fleet.ts';
import { sumBy } from '../control-plane/metrics-text.ts';
import { usageOf } from '../control-plane/process-usage.ts';
import { openLab, otherCluster, waitFleetReady } from './support/lab.ts';
import { observed } from './support/observed.ts';

const namespace = 'default';
/** How long every watch is answered by 410, ms: the scenario is about what happens in that time. */
const STORM_MS = 20_000;
const expired = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' };
const insideWatch = `${JSON.stringify({ type: 'ERROR', object: expired })}\n`;

test('while every watch is answered by 410, lists are backed off, and afterwards nothing was missed', {
  timeout: 300_000,
}, async (t) => {
  const other = await otherCluster();
  if (other !== undefined) return t.skip(other);
  const lab = await openLab(t, 'watch-410');
  const { operator, proxy } = await lab.proxied(0);
  const ref = (name: string) => ({ name, namespace });
  for (const name of ['changed', 'deleted']) {
    await lab.client.create(types.relayProxy, { ...relayProxy(0), metadata: ref(name) });
  }
  for (const name of ['changed', 'deleted']) await waitFleetReady(lab, name, namespace, 3);
  const kinds = new Set(proxy.requests.filter(({ watch }) => watch).map(({ path }) => path)).size;
  const before = usageOf(operator.pid);

  const isWatch = ({ watch }: ProxiedRequest) => watch;
  const from = proxy.requests.length;
  // Both ways in which it comes: as an event of the watch, and as the answer.
  let turn = 0;
  const everyOther = (request: ProxiedRequest) => isWatch(request) && (turn++ & 1) === 0;
  proxy.inject({ when: everyOther, fault: { kind: 'body', text: insideWatch } });
  proxy.inject({ when: isWatch, fault: { kind: 'status', code: 410, reason: 'Expired' } });
  proxy.endWatches();
  const body = { spec: { replicas: 5 } };
  await lab.client.patch(types.relayProxy, ref('changed'), { type: 'merge', body });
  await lab.client.delete(types.relayProxy, ref('deleted'));
  await lab.client.create(types.relayProxy, { ...relayProxy(0), metadata: ref('created') });
  const deployment = await lab.client.get(types.deployment, ref('changed-relay'));
  const configMap = mountedConfigMap(deployment.spec?.template.spec) ?? '';
  await lab.client.delete(types.configMap, ref(configMap));
  await delay(STORM_MS);
  const asked = proxy.requests.slice(from);
  const during = usageOf(operator.pid);
  proxy.clear();

  const cleared = performance.now();
  await waitFleetReady(lab, 'changed', namespace, 5);
  await waitFleetReady(lab, 'created', namespace, 3);
  await lab.plane.kubectl.waitForObject('configmap', configMap, namespace, 'put back', () => true, 60_000);
  const metrics = await operator.metrics();
  const cached = sumBy(metrics, 'flagrelay_relayproxy_info', 'name');
  const watches = asked.filter(isWatch).length;
  observed('watch-410-storm', {
    watchedKinds: kinds,
    watchesInStorm: watches,
    perKindAndSecond: Number((watches / kinds / (STORM_MS / 1000)).toFixed(2)),
    listsInStorm: asked.filter(({ watch, method, path }) => !watch && method === 'GET' && !path.includes('/leases/'))
      .length,
    cpuSecondsInStorm: Number((during.cpuSeconds - before.cpuSeconds).toFixed(2)),
    rssBefore: before.rssBytes,
    rssAfter: usageOf(operator.pid).rssBytes,
    secondsToCatchUp: Number(((performance.now() - cleared) / 1000).toFixed(1)),
  });
  // Anywhere up to steps that double from 0.8 s: six in 20 s on average. Without backoff there would be thousands.
  assert.ok(watches <= kinds * 9, `${watches} watches of ${kinds} kinds in ${STORM_MS} ms`);
  assert.deepEqual([...cached.keys()].sort(), ['changed', 'created'], 'what was deleted in the storm is forgotten');
  assert.ok(usageOf(operator.pid).rssBytes < before.rssBytes + 64 * 2 ** 20, 'memory does not grow with the storm');
  assert.equal(operator.ended(), undefined);
});
