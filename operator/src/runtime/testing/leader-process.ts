/**
 * A process of its own that campaigns for a lease and, while it leads, writes its name into a ConfigMap again and again.
 * Started by leader-election.integration.test.ts, which stops it with signals. Arguments: namespace, identity.
 * Prints one JSON line for each thing that happens: {"leads": true}, {"wrote": n}, {"refused": "FencedError"}, {"lost": true}.
 */

import { LeadershipLostError } from '@flagrelay/kube/elector';
import { PooledKubeConfig } from '../kube-config.ts';
import { createLeaderElector } from '../leader-election.ts';
import { testClient } from './cluster.ts';
import { configMaps, recordingLogger, testMetrics } from './fixtures.ts';

const [namespace = '', identity = ''] = process.argv.slice(2);
const kubeConfig = PooledKubeConfig.fromDefault();
const client = testClient(kubeConfig);
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());

const elector = createLeaderElector({
  client,
  namespace,
  name: 'leader',
  identity,
  logger: recordingLogger(),
  metrics: testMetrics(),
});
const fenced = client.fenced(elector.isLeader, elector.leaseRemainingMs);
const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);

async function lead(signal: AbortSignal): Promise<void> {
  say({ leads: true });
  for (let count = 1; !signal.aborted; count += 1) {
    try {
      const object = { metadata: { namespace, name: 'written' }, data: { by: identity, count: String(count) } };
      await fenced.apply(configMaps, object, { force: true, fieldManager: 'leader-test' });
      say({ wrote: count });
    } catch (error) {
      say({ refused: error instanceof Error ? error.name : 'unknown' });
    }
  }
}

try {
  await elector.run(stop.signal, lead);
  say({ stopped: true });
} catch (error) {
  if (!(error instanceof LeadershipLostError)) throw error;
  say({ lost: true });
  process.exitCode = 1;
} finally {
  await kubeConfig.close();
}
