import assert from 'node:assert/strict';
import { test } from 'node:test';
import { probeJobs } from '../../../jobs/jobs.ts';
import { reportJobFailures } from '../../../jobs/report.ts';
import { startEventSink } from '../../../testing/event-sink.ts';
import { recordingLogger } from '../../../testing/logger.ts';
import { createUpstreamDispatcher } from '../../../upstream/dispatcher.ts';
import { createUsageReporter } from './usage.ts';

test('each environment is introduced once, and its usage told when something happened', {
  timeout: 30_000,
}, async () => {
  await using sink = await startEventSink();
  const dispatcher = createUpstreamDispatcher(undefined, {});
  const usage = createUsageReporter({
    eventsUri: sink.url,
    dispatcher,
    logger: recordingLogger(),
    environments: () => [
      { id: 'a', sdkKey: 'sdk-secret-abcdef' },
      { id: 'b', sdkKey: undefined },
    ],
    intervalMs: 20,
  });
  const client = { userAgent: 'Node_1', platformCategory: 'server' };
  usage.opened('a', client);
  usage.opened('a', client);
  usage.closed('a', client);
  usage.polled('a', client);
  usage.polled('gone', client);
  const posts = await sink.received(2);
  assert.deepEqual(
    posts.map(({ path }) => path),
    ['/diagnostic', '/bulk'],
  );
  const introduction = JSON.parse(posts[0]?.text ?? '');
  assert.equal(introduction.kind, 'diagnostic-init');
  assert.equal(introduction.id.sdkKeySuffix, 'abcdef');
  assert.doesNotMatch(posts[0]?.text ?? '', /secret/);
  const [event] = JSON.parse(posts[1]?.text ?? '');
  assert.equal(event.kind, 'relayMetrics');
  assert.deepEqual(event.connections, [{ ...client, current: 1 }]);
  assert.deepEqual(event.newConnections, [{ ...client, count: 2 }]);
  assert.deepEqual(event.pollingCounts, [{ ...client, count: 1 }]);
  assert.equal(posts[1]?.headers['x-launchdarkly-event-schema'], '4');
  usage.opened('a', client);
  const [later] = JSON.parse((await sink.received(3))[2]?.text ?? '');
  assert.deepEqual(later.newConnections, [{ ...client, count: 3 }], 'cumulative');
  assert.deepEqual(later.pollingCounts, [], 'since the last report');
  await usage.close();
  await dispatcher.close();
  assert.equal(sink.posts.filter(({ path }) => path === '/diagnostic').length, 1);
});

test('a mistake in one report does not end the reporting', { timeout: 30_000 }, async () => {
  await using sink = await startEventSink();
  const dispatcher = createUpstreamDispatcher(undefined, {});
  const logger = recordingLogger();
  let failures = 0;
  const stop = reportJobFailures(logger, { inc: () => void failures++ });
  const usage = createUsageReporter({
    eventsUri: sink.url,
    dispatcher,
    logger,
    environments: () => [{ id: 'a', sdkKey: 'sdk-secret-abcdef' }],
    intervalMs: 20,
  });
  probeJobs((job) => {
    if (job === 'usage' && failures < 2) throw new Error('broken');
  });
  usage.polled('a', { userAgent: 'Node_1', platformCategory: 'server' });
  await sink.received(2);
  probeJobs(undefined);
  assert.equal(failures, 2);
  stop();
  await usage.close();
  await dispatcher.close();
});
