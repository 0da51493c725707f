import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { clientLabel } from '../clients/client-pod.ts';
import { switchFlag } from '../demo/flags.ts';
import { applyDemo, podsByZone, startDemoClient } from '../demo/run.ts';
import { waitFor } from '../machine/wait-for.ts';
import { observed } from './support/observed.ts';
import { openStage, waitReady } from './support/stage.ts';

test('draining the node of each zone in turn fails no request and loses no flag change', {
  timeout: 900_000,
}, async (t) => {
  const stage = await openStage('drain');
  t.after(stage.close);
  const { kubectl, namespace } = stage;
  await applyDemo(kubectl, namespace);
  const client = await startDemoClient(kubectl, namespace, stage.relayImage, 20);
  const ready = await client.waitFor('ready', 'SDK is initialised', () => true, 90_000);

  const nodes = (await kubectl.list('nodes')).map((n) => n.metadata.name);
  after(async () => {
    for (const node of nodes) await kubectl.uncordon(node);
  });
  const seconds: Record<string, number> = {};
  let on = ready.flags['new-checkout'] !== true;
  for (const node of nodes) {
    const started = performance.now();
    const draining = kubectl.run(
      [
        'drain',
        node,
        '--ignore-daemonsets',
        '--delete-emptydir-data',
        '--force',
        `--pod-selector=!${clientLabel}`,
        '--timeout=240s',
      ],
      { timeoutMs: 250_000 },
    );
    // The change happens while pods are being evicted, which is when it could get lost.
    const where = { namespace, configMap: 'demo-flags', file: 'flags.yaml' };
    await Promise.all([draining, switchFlag(kubectl, where, 'new-checkout', on)]);
    seconds[node] = (performance.now() - started) / 1000;

    const left = (await podsByZone(kubectl, namespace)).filter((p) => p.node === node);
    assert.deepEqual(left, [], `no relay pod is left on ${node}`);
    const wanted = on;
    await waitFor(
      `the SDK ends with new-checkout ${wanted}`,
      async () => {
        const last = (await client.reports()).findLast((r) => r.event === 'change' && r.key === 'new-checkout');
        return (last?.event === 'change' && last.value === wanted) || undefined;
      },
      { timeoutMs: 180_000, intervalMs: 500 },
    );
    on = !on;
    await kubectl.uncordon(node);
    await waitReady(stage, 'demo');
    await waitReady(stage, 'upstream');
  }

  const totals = await client.loop();
  observed('drain-each-zone', { drainSeconds: seconds, requests: totals?.sent, failed: totals?.failed });
  assert.ok(totals !== undefined && totals.sent > 100, 'the request loop ran');
  assert.deepEqual(totals.errors, []);
  assert.equal(totals.failed, 0, 'no request through the Service failed');
});
