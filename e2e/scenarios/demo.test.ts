import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cluster } from '../cluster/select.ts';
import { narrate } from '../demo/narrate.ts';
import { runDemo } from '../demo/run.ts';
import { observed } from './support/observed.ts';

test('from kubectl apply to a live change in an SDK: the demo', async () => {
  const target = await cluster();
  await target.up();
  const result = await runDemo(target);
  narrate(result);
  observed('demo', { readySeconds: result.readySeconds, changeSeconds: result.change.seconds });

  const zonesOf = (prefix: string) => result.pods.filter((p) => p.name.startsWith(prefix)).map((p) => p.zone);
  assert.equal(new Set(zonesOf('demo-relay-')).size, 3, 'the three pods of demo are in three zones');
  assert.equal(new Set(zonesOf('upstream-relay-')).size, 2, 'the two pods of upstream are in two zones');
  assert.equal(result.flags['banner-text'], 'Hello, beta tester!', 'alice is in the segment');
  assert.equal(typeof result.flags['new-checkout'], 'boolean');
  assert.equal(result.change.value, result.flags['new-checkout'] !== true, 'the SDK saw the edited value');
  assert.match(result.table, /^demo\s+True\s+AllHealthy\s+3\s+3\s+1\/1\s/m);
  assert.match(result.table, /^upstream\s+True\s+AllHealthy\s+2\s+2\s+1\/1\s/m);
});
