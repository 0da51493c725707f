import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask } from '../../src/testing/client.ts';
import { ATTACKED, startVictim } from './support/victim.ts';

test('an ordinary request of a public client is served, and the probe sees nothing', async () => {
  await using victim = await startVictim();
  const { result } = await victim.survives(() =>
    ask(victim.port, `/sdk/evalx/${ATTACKED.env}/context`, {
      method: 'REPORT',
      headers: { 'Content-Type': 'application/json' },
      body: '{"kind":"user","key":"a"}',
    }),
  );
  assert.equal(result.status, 200);
});
