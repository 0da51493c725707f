import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask } from '../testing/client.ts';
import { KEYS, startTestRelay, untilReady } from '../testing/relay.ts';

test('every answer is counted, those that Express gives too', async () => {
  const test = await startTestRelay();
  try {
    await untilReady(test);
    await ask(test.port, '/status');
    await ask(test.port, '/no/such/path');
    await ask(test.port, '/sdk/flags', { headers: { Authorization: KEYS.sdk } });
    const text = await test.relay.metrics.metrics();
    for (const [route, status] of [
      ['status', 200],
      ['unknown', 404],
      ['sdk_flags', 200],
    ]) {
      assert.match(text, new RegExp(`flagrelay_http_requests_total\\{route="${route}",status="${status}"\\} 1\\n`));
    }
  } finally {
    await test.close();
  }
});
