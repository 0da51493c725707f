import assert from 'node:assert/strict';
import { test } from 'node:test';
import { types } from '@flagrelay/operator/kinds';
import { relayProxy } from '../control-plane/fleet.ts';
import { sumBy } from '../control-plane/metrics-text.ts';
import { openLab, otherCluster, waitFleetReady } from './support/lab.ts';
import { observed } from './support/observed.ts';

const namespace = 'default';

test('an API server without streaming lists, as those of 1.31 and 1.33 are, is listed in pages', {
  timeout: 300_000,
}, async (t) => {
  const other = await otherCluster();
  if (other !== undefined) return t.skip(other);
  const lab = await openLab(t, 'no-streaming-lists', { apiServerArgs: ['--feature-gates=WatchList=false'] });
  const operator = await lab.operator(0);
  await lab.client.create(types.relayProxy, { ...relayProxy(0), metadata: { name: 'paged', namespace } });
  await waitFleetReady(lab, 'paged', namespace, 3);
  const metrics = await operator.metrics();
  const lists = sumBy(metrics, 'reflector_lists_total', 'mode');
  const ends = sumBy(metrics, 'reflector_watch_ends_total', 'cause');
  observed('apiserver-without-streaming-lists', { lists: Object.fromEntries(lists), ends: Object.fromEntries(ends) });
  assert.ok((lists.get('paged') ?? 0) > 0);
  assert.equal(lists.get('stream'), lists.get('paged'), 'each kind asks for a stream once');
  assert.equal(ends.get('422'), lists.get('stream'));
});
