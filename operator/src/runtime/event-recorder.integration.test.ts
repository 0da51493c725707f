import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createEventRecorder } from './event-recorder.ts';
import { events } from './event-types.ts';
import { openTestCluster, type TestCluster } from './testing/cluster.ts';
import { recordingLogger, testMetrics } from './testing/fixtures.ts';

let cluster: TestCluster;
before(async () => {
  cluster = await openTestCluster();
});
after(() => cluster?.close());

describe('event recorder on a real API server', () => {
  it('writes one event with a series for the same thing told three times', async () => {
    const logger = recordingLogger();
    const recorder = createEventRecorder({
      client: cluster.client,
      reportingController: 'flagrelay.dev/test',
      reportingInstance: 'pod-1',
      logger,
      metrics: testMetrics(),
    });
    const regarding = await cluster.write('regarded');
    const stop = new AbortController();
    const running = recorder.run(stop.signal);
    for (let i = 0; i < 2; i += 1) {
      recorder.record({
        regarding,
        type: 'Warning',
        reason: 'SecretNotFound',
        action: 'Reconcile',
        note: 'ü'.repeat(900),
      });
    }
    recorder.record({ regarding, type: 'Normal', reason: 'Created', action: 'Reconcile', note: 'made' });
    stop.abort();
    await running;
    assert.deepEqual(logger.lines, []);
    const { items } = await cluster.client.list(events, { namespace: cluster.namespace });
    const ours = items.filter(({ reportingController }) => reportingController === 'flagrelay.dev/test');
    assert.deepEqual(ours.map(({ reason, series }) => [reason, series?.count]).sort(), [
      ['Created', undefined],
      ['SecretNotFound', 2],
    ]);
    assert.equal(ours[0]?.regarding?.uid, regarding.metadata?.uid);
  });
});
