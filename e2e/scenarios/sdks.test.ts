import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type LineProcess, startLineProcess } from '../clients/lines.ts';
import { type PythonReport, startPythonClient } from '../clients/python.ts';
import { type PortForward, portForward } from '../cluster/port-forward.ts';
import { switchFlag } from '../demo/flags.ts';
import { applyDemo } from '../demo/run.ts';
import { repositoryRoot } from '../machine/paths.ts';
import { observed } from './support/observed.ts';
import { openStage, type Stage } from './support/stage.ts';

const SDK_KEY = 'sdk-00000000-0000-4000-8000-00000000demo';
const FLAG = 'new-checkout';

let stage: Stage;
after(() => stage?.close());
let forward: PortForward;
before(async () => {
  stage = await openStage('sdks');
  await applyDemo(stage.kubectl, stage.namespace);
  forward = await portForward(stage.kubectl, 'service/demo', stage.namespace, 8030);
});
after(async () => {
  await forward?.[Symbol.asyncDispose]();
});

/** Each SDK initialises, evaluates, and sees a change without polling. */
async function seesAChange(name: string, client: LineProcess<PythonReport>): Promise<void> {
  try {
    const ready = await client.waitFor('initialisation', (r) => r.event === 'ready' || r.event === 'failed', 60_000);
    assert.equal(ready.event, 'ready', ready.message);
    assert.equal(typeof ready.value, 'boolean');
    const on = ready.value !== true;
    const edited = performance.now();
    await switchFlag(
      stage.kubectl,
      { namespace: stage.namespace, configMap: 'demo-flags', file: 'flags.yaml' },
      FLAG,
      on,
    );
    const change = await client.waitFor('change', (r) => r.event === 'change' && r.value === on, 180_000);
    assert.equal(change.key, FLAG);
    observed('sdks', { sdk: name, changeSeconds: (performance.now() - edited) / 1000 });
  } finally {
    await client.stop();
  }
}

test('the Python server SDK initialises, evaluates and sees a change', { timeout: 400_000 }, async () => {
  await seesAChange('launchdarkly-server-sdk (Python)', startPythonClient(forward.url, SDK_KEY, FLAG));
});

test('the Node client-side SDK, streaming, initialises, evaluates and sees a change', {
  timeout: 400_000,
}, async () => {
  const program = join(repositoryRoot, 'e2e/clients/node-client.ts');
  const client = startLineProcess<PythonReport>([process.execPath, program, forward.url, 'demo-client-side-id', FLAG]);
  await seesAChange('launchdarkly-node-client-sdk', client);
});
