import assert from 'node:assert/strict';
import { test } from 'node:test';
import { switchFlag } from '../demo/flags.ts';
import { applyDemo, startDemoClient } from '../demo/run.ts';
import { waitFor } from '../machine/wait-for.ts';
import { observed } from './support/observed.ts';
import { condition, openStage, waitReady } from './support/stage.ts';

test('a word more in the selector of the Service is taken out within seconds, and connected SDKs stay connected', {
  timeout: 400_000,
}, async (t) => {
  const stage = await openStage('selector-drift');
  t.after(stage.close);
  const { kubectl, namespace } = stage;
  await applyDemo(kubectl, namespace);
  await waitReady(stage, 'demo');
  const client = await startDemoClient(kubectl, namespace, stage.relayImage, 20);
  const ready = await client.waitFor('ready', 'SDK is initialised', () => true, 90_000);
  const service = async () => (await kubectl.get('service', 'demo', namespace))?.spec.selector;
  const endpoints = async () => {
    const slices = await kubectl.list('endpointslices', namespace, 'kubernetes.io/service-name=demo');
    return slices.flatMap((slice) => (slice as unknown as { endpoints?: object[] }).endpoints ?? []).length;
  };
  const selector = await service();
  const all = await endpoints();
  assert.ok(all > 0);

  const patch = JSON.stringify({ spec: { selector: { 'example.com/more': 'x' } } });
  const started = performance.now();
  await kubectl.run(['patch', 'service', 'demo', '-n', namespace, '--type=merge', '-p', patch]);
  const within = { timeoutMs: 20_000, intervalMs: 50 };
  await waitFor('the selector is ours', async () => !('example.com/more' in (await service())) || undefined, within);
  const selectorSeconds = (performance.now() - started) / 1000;
  await waitFor('all endpoints are back', async () => (await endpoints()) === all || undefined, within);
  const endpointsSeconds = (performance.now() - started) / 1000;
  assert.deepEqual(await service(), selector);

  // The stream that was open all the time still brings changes.
  const wanted = ready.flags['new-checkout'] !== true;
  await switchFlag(kubectl, { namespace, configMap: 'demo-flags', file: 'flags.yaml' }, 'new-checkout', wanted);
  await client.waitFor('change', 'the change arrives', (r) => r.key === 'new-checkout' && r.value === wanted, 120_000);
  const demo = await waitReady(stage, 'demo');
  assert.equal(condition(demo, 'Reconciled'), 'True/Applied', 'once is no contest');
  const totals = await client.loop();
  observed('service-selector-drift', {
    selectorSeconds,
    endpointsSeconds,
    requests: totals?.sent,
    failed: totals?.failed,
  });
});
