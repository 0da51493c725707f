import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WaitTimeoutError, waitFor } from './wait-for.ts';

test('returns the first value that is there, over errors and undefined', async () => {
  let calls = 0;
  const value = await waitFor(
    'third call',
    () => {
      calls += 1;
      if (calls === 1) throw new Error('not yet');
      return calls === 2 ? undefined : calls;
    },
    { timeoutMs: 5000, intervalMs: 1 },
  );
  assert.equal(value, 3);
});

test('the error names what was waited for and keeps the last cause', async () => {
  const failing = waitFor('pods ready', () => Promise.reject(new Error('connection refused')), {
    timeoutMs: 5,
    intervalMs: 1,
  });
  await assert.rejects(failing, (error) => {
    assert.ok(error instanceof WaitTimeoutError);
    assert.match(error.message, /pods ready: not so after 0.005 s: connection refused/);
    assert.ok(error.cause instanceof Error);
    return true;
  });
});
