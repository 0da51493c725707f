import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '@flagrelay/kube/api-error';
import { heldLease, releasedLease } from '@flagrelay/kube/lease';
import { startLeaseServer } from '../testing/lease-server.ts';
import { createApiServer } from './api-server.ts';
import { createLeaseClient } from './lease.ts';

/** Limits of one request. */
const call = { deadlineMs: 5000 };
const T = Date.parse('2026-11-21T10:00:00.250Z');

test('reads, takes and gives back the named Lease; a write of an older version is a conflict', async () => {
  await using api = await startLeaseServer();
  const client = createLeaseClient(
    createApiServer(api.env('pod'), 'lease', { directory: api.accountDirectory }),
    'ns',
    'demo',
  );
  // Times that are left are no whole numbers.
  const free = await client.read({ deadlineMs: 1234.5 });
  const held = await client.replace(heldLease(free, 'me', 15, T), call);
  assert.deepEqual(held.spec, {
    holderIdentity: 'me',
    leaseDurationSeconds: 15,
    renewTime: '2026-11-21T10:00:00.250000Z',
    acquireTime: '2026-11-21T10:00:00.250000Z',
    leaseTransitions: 1,
  });
  await assert.rejects(client.replace(heldLease(free, 'late', 15, T), call), { code: 409 });
  const renewed = heldLease(held, 'me', 15, T + 1000);
  assert.deepEqual(
    [renewed.spec?.acquireTime, renewed.spec?.leaseTransitions],
    ['2026-11-21T10:00:00.250000Z', 1],
    'a renewal is no change of holder',
  );
  const released = await client.replace(releasedLease(held, T), call);
  assert.equal(released.spec?.holderIdentity, '');
  await client.close();
});

test('a refusal tells the status and the words of the server', async () => {
  await using api = await startLeaseServer();
  api.refuse(403);
  const client = createLeaseClient(
    createApiServer(api.env('pod'), 'lease', { directory: api.accountDirectory }),
    'ns',
    'demo',
  );
  await assert.rejects(client.read(call), (error) => error instanceof ApiError && /answer 403/.test(error.message));
  await client.close();
});

test('outside of a cluster the error says what it was for', () => {
  assert.throws(() => createApiServer({}, 'lease'), /^StartupError: lease: KUBERNETES_SERVICE_HOST is not set/);
});
