import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFakeClock, settle } from '@flagrelay/kube/testing/fake-clock';
import { createLeaderElector } from './leader-election.ts';
import { createFakeLeaseClient } from './testing/fake-leases.ts';
import { recordingLogger, testMetrics } from './testing/fixtures.ts';

function setUp() {
  const { leases, client } = createFakeLeaseClient();
  const [clock, logger, metrics, stop] = [createFakeClock(), recordingLogger(), testMetrics(), new AbortController()];
  const lease = { client, namespace: 'system', name: 'operator', identity: 'one' };
  const elector = createLeaderElector({ ...lease, clock, logger, metrics });
  const running = elector.run(
    stop.signal,
    (signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true })),
  );
  const sum = async (metric: { get(): Promise<{ values: { value: number }[] }> }) =>
    (await metric.get()).values.reduce((total, { value }) => total + value, 0);
  const status = () => sum(metrics.leader.status);
  return { leases, clock, logger, metrics, stop, elector, running, sum, status };
}

describe('leader election of the operator', () => {
  it('makes the lease by its name, without the fields that the server keeps', async () => {
    const { leases, clock, stop, running, status } = setUp();
    await settle();
    assert.deepEqual(leases.lease?.metadata, { namespace: 'system', name: 'operator', resourceVersion: '1' });
    assert.equal(await status(), 1);
    const managed = { ...leases.lease, metadata: { ...leases.lease?.metadata, managedFields: [{}] } };
    await leases.transport.replace(managed);
    await clock.advance(4_000); // one renewal is refused, the next is not
    assert.equal('managedFields' in (leases.lease?.metadata ?? {}), false);
    stop.abort();
    await running;
    assert.equal(leases.holder, '');
    assert.equal(await status(), 0);
  });

  it('counts renewals that somebody else stood in the way of, and says why it lost', async () => {
    const { leases, clock, logger, metrics, running, sum, status } = setUp();
    const lost = assert.rejects(running, { name: 'LeadershipLostError', message: /another process holds the lease/ });
    await settle();
    await leases.transport.replace({ ...leases.lease, spec: { holderIdentity: 'usurper' } });
    await clock.advance(2_000);
    await lost;
    assert.equal(await sum(metrics.leader.slowpath), 1);
    assert.equal(await status(), 0);
    const { message, fields } = logger.lines.at(-1) ?? {};
    assert.deepEqual(
      [message, fields?.lease, fields?.why],
      ['Leadership lost', 'system/operator', 'another process holds the lease'],
    );
  });

  it('logs the holder it waits for', async () => {
    const { leases, client } = createFakeLeaseClient();
    await leases.transport.create({ spec: { holderIdentity: 'other', leaseDurationSeconds: 15 } });
    const [clock, logger, stop] = [createFakeClock(), recordingLogger(), new AbortController()];
    const lease = { client, namespace: 'system', name: 'operator', identity: 'one' };
    const running = createLeaderElector({ ...lease, clock, logger, metrics: testMetrics() }).run(
      stop.signal,
      async () => assert.fail('another leads'),
    );
    await settle();
    assert.equal(logger.lines.find(({ level }) => level === 'debug')?.fields.holder, 'other');
    stop.abort();
    await running;
  });
});
