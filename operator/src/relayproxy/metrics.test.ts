import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import { ObjectStore } from '../runtime/store.ts';
import { registerRelayProxyMetrics } from './metrics.ts';
import type { Deployment, RawRelayProxy } from './resources/kubernetes-types.ts';
import { computeStatus } from './status/status.ts';
import { production } from './testing/test-relay-proxy.ts';
import { healthy } from './testing/test-snapshot.ts';

test('metrics tell of each RelayProxy, and no longer of a deleted one', async () => {
  const registry = new Registry();
  const store = new ObjectStore<RawRelayProxy>();
  const deployments = new ObjectStore<Deployment>();
  const item = {
    metadata: { namespace: 'team', name: 'demo' },
    spec: { environments: [production] },
    status: { ...computeStatus(healthy()).status, instances: [{ name: 'a', connections: 7 }, { name: 'b' }] },
  };
  store.replace([item], undefined, true);
  registerRelayProxyMetrics(registry, { relayProxies: store, deployments });
  const missing = await registry.metrics();
  assert.match(missing, /desired_replicas\{namespace="team",name="demo"\} 1/);
  const deployment = {
    metadata: { namespace: 'team', name: 'demo-relay' },
    spec: { replicas: 4, selector: {}, template: {} },
    status: { readyReplicas: 2 },
  };
  deployments.replace([deployment], undefined, true);
  const text = await registry.metrics();
  const of = (rest: string) => `flagrelay_relayproxy_${rest}`;
  for (const line of [
    of('info{namespace="team",name="demo",version="1.2.3"} 1'),
    of('condition{namespace="team",name="demo",type="Ready",status="True"} 1'),
    of('condition{namespace="team",name="demo",type="Ready",status="False"} 0'),
    of('environments{namespace="team",name="demo",state="VALID"} 1'),
    of('desired_replicas{namespace="team",name="demo"} 4'),
    of('ready_replicas{namespace="team",name="demo"} 2'),
    of('minimum_replicas{namespace="team",name="demo"} 3'),
    of('minimum_zones{namespace="team",name="demo"} 2'),
    of('connections{namespace="team",name="demo"} 7'),
    of('pods{namespace="team",name="demo",zone="a",ready="true"} 1'),
  ]) {
    assert.ok(text.includes(line), line);
  }
  store.replace([], undefined, false);
  assert.doesNotMatch(await registry.metrics(), /name="demo"/);
});
