import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyDemo } from '../demo/run.ts';
import { waitFor } from '../machine/wait-for.ts';
import { operatorNamespace } from '../product/install.ts';
import { endOfLog, writesSince } from './support/audit.ts';
import { leaderPod } from './support/leader.ts';
import { observed } from './support/observed.ts';
import { getThroughApiServer } from './support/relay-http.ts';
import { openStage } from './support/stage.ts';

test('a second reconcile of an unchanged RelayProxy makes no write, and an idle fleet causes none', {
  timeout: 600_000,
}, async (t) => {
  const stage = await openStage('no-writes');
  t.after(stage.close);
  const { cluster, kubectl, namespace } = stage;
  const log = cluster.auditLog;
  if (log === undefined) return t.skip('this cluster shows no audit log');
  await applyDemo(kubectl, namespace);

  const reconciles = async () => {
    const metrics = await getThroughApiServer(kubectl, operatorNamespace, await leaderPod(kubectl), 8080, '/metrics');
    return [...metrics.matchAll(/^controller_runtime_reconcile_total\{.*\} (\d+)$/gm)].reduce(
      (sum, m) => sum + Number(m[1]),
      0,
    );
  };
  const ours = (offset: number) =>
    writesSince(log, offset).filter(
      (w) =>
        w.user.startsWith('system:serviceaccount:') &&
        w.namespace === namespace &&
        !w.user.startsWith('system:serviceaccount:kube-system:'),
    );

  // What follows readiness (zones, pods' first reports) settles first: ten seconds in a row without a write.
  let quietSince = performance.now();
  let offset = endOfLog(log);
  await waitFor(
    'the fleet is idle',
    () => {
      if (ours(offset).length > 0) {
        quietSince = performance.now();
        offset = endOfLog(log);
      }
      return performance.now() - quietSince > 10_000 || undefined;
    },
    { timeoutMs: 120_000, intervalMs: 500 },
  );

  const before = await reconciles();
  const start = endOfLog(log);
  // An annotation is a change that the operator looks at and that wants nothing changed.
  await kubectl.run([
    'annotate',
    'relayproxy',
    'demo',
    '-n',
    namespace,
    `example.com/look=${Date.now()}`,
    '--overwrite',
  ]);
  await waitFor('it reconciled again', async () => (await reconciles()) > before || undefined, { timeoutMs: 60_000 });
  // One more reconcile of the other object proves that the queue has moved past the first.
  const between = await reconciles();
  await kubectl.run([
    'annotate',
    'relayproxy',
    'upstream',
    '-n',
    namespace,
    `example.com/look=${Date.now()}`,
    '--overwrite',
  ]);
  await waitFor('and the other one', async () => (await reconciles()) > between || undefined, { timeoutMs: 60_000 });

  const written = ours(start);
  observed('unchanged-is-not-written', { reconciles: (await reconciles()) - before, writes: written.length });
  assert.deepEqual(written, []);
});
