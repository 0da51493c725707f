import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import { ObjectStore } from '../runtime/store.ts';
import { registerRelayProxyMetrics } from './metrics.ts';
import type { RawRelayProxy } from './resources/kubernetes-types.ts';
import { computeStatus } from './status/status.ts';
import { healthy } from './testing/test-snapshot.ts';

test('metrics tell of each RelayProxy, and no longer of a deleted one', async () => {
  const registry = new Registry();
  const store = new ObjectStore<RawRelayProxy>();
  const item = { metadata: { namespace: 'team', name: 'demo' }, status: computeStatus(healthy()).status };
  store.replace([item], undefined, true);
  registerRelayProxyMetrics(registry, store);
  const text = await registry.metrics();
  const of = (rest: string) => `flagrelay_relayproxy_${rest}`;
  for (const line of [
    of('info{namespace="team",name="demo",version="1.2.3"} 1'),
    of('condition{namespace="team",name="demo",type="Ready",status="True"} 1'),
    of('condition{namespace="team",name="demo",type="Ready",status="False"} 0'),
    of('environments{namespace="team",name="demo",state="VALID"} 1'),
    of('pods{namespace="team",name="demo",zone="a",ready="true"} 1'),
  ]) {
    assert.ok(text.includes(line), line);
  }
  store.replace([], undefined, false);
  assert.doesNotMatch(await registry.metrics(), /name="demo"/);
});
