import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyDemo } from '../demo/run.ts';
import { waitFor } from '../machine/wait-for.ts';
import { observed } from './support/observed.ts';
import { getThroughApiServer } from './support/relay-http.ts';
import { openStage, waitReady } from './support/stage.ts';

test('a broken data file keeps the last good data and is told in log, metric and status', {
  timeout: 600_000,
}, async (t) => {
  const stage = await openStage('broken-file');
  t.after(stage.close);
  const { kubectl, namespace } = stage;
  await applyDemo(kubectl, namespace);
  const good = (await kubectl.get('configmap', 'demo-flags', namespace))?.data as Record<string, string>;
  const write = (text: string) =>
    kubectl.run([
      'patch',
      'configmap',
      'demo-flags',
      '-n',
      namespace,
      '--type=merge',
      '-p',
      JSON.stringify({ data: { 'flags.yaml': text } }),
    ]);

  await write('flags: [this is: not a data file');
  const broken = await kubectl.waitForObject(
    'relayproxy',
    'upstream',
    namespace,
    'an instance reports INVALID_DATA',
    (o) => JSON.stringify(o.status?.instances ?? []).includes('INVALID_DATA'),
    180_000,
  );
  observed('broken-data-file', {
    unhealthy: broken.status.instances.flatMap((i: { unhealthy?: unknown[] }) => i.unhealthy ?? []),
  });

  const pods = await kubectl.list('pods', namespace, 'app.kubernetes.io/instance=upstream');
  const reporting = broken.status.instances.find((i: { unhealthy?: unknown[] }) => (i.unhealthy ?? []).length > 0);
  const pod = pods.find((p) => p.metadata.name === reporting.name);
  assert.ok(pod !== undefined);
  assert.equal(pod.status.containerStatuses[0].restartCount, 0, 'the pod was not restarted');
  const metrics = await getThroughApiServer(kubectl, namespace, pod.metadata.name, 8031, '/metrics');
  assert.match(metrics, /^flagrelay_upstream_state\{[^}]*state="INTERRUPTED"[^}]*\} 1$/m);
  assert.match(await kubectl.logs(pod.metadata.name, namespace), /flags\.yaml/);
  const demo = await kubectl.get('relayproxy', 'demo', namespace);
  assert.equal(demo?.status?.readyReplicas, 3, 'who streams from it goes on with the last good data');

  await write(good['flags.yaml'] as string);
  await waitReady(stage, 'upstream');
  await waitFor(
    'the metric is well again',
    async () =>
      /^flagrelay_upstream_state\{[^}]*state="VALID"[^}]*\} 1$/m.test(
        await getThroughApiServer(kubectl, namespace, pod.metadata.name, 8031, '/metrics'),
      ) || undefined,
    { timeoutMs: 120_000 },
  );
});
