import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { probeJobs } from '../../../jobs/jobs.ts';
import type { JobName } from '../../../jobs/names.ts';
import { ask } from '../../../testing/client.ts';
import { startEventSink } from '../../../testing/event-sink.ts';
import { eventually } from '../../../testing/eventually.ts';
import { KEYS, startTestRelay, untilReady } from '../../../testing/relay.ts';

/** Throws in the place of the next runs of a job. */
function breakJob(name: JobName, times: number): { readonly left: number } {
  let left = times;
  probeJobs((job) => {
    if (job !== name || left === 0) return;
    left -= 1;
    throw new Error(`${job} is broken`);
  });
  return {
    get left() {
      return left;
    },
  };
}

describe('a mistake in scheduled work of events', { timeout: 60_000 }, () => {
  afterEach(() => probeJobs(undefined));

  for (const job of ['answers', 'events-flush', 'events-room', 'events-sent'] as const) {
    test(`in ${job} it ends that run, and the relay goes on`, async () => {
      await using sink = await startEventSink(async () => {
        await sleep(5);
        return 202;
      });
      const t = await startTestRelay({
        events: { enabled: true, flushMs: 20, capacity: 1 },
        upstream: { eventsUri: sink.url },
      });
      await using closing = new AsyncDisposableStack();
      closing.defer(() => t.close());
      await untilReady(t);
      const post = () =>
        ask(t.port, '/bulk', {
          method: 'POST',
          headers: { Authorization: KEYS.sdk, 'X-LaunchDarkly-Event-Schema': '4' },
          body: '[{"kind":"custom","key":"k"}]',
        });
      await post();
      const broken = breakJob(job, 2);
      // More than may be on its way at a time, so that some wait for room.
      const posts = Array.from({ length: 100 }, post);
      await eventually(() => assert.equal(broken.left, 0));
      probeJobs(undefined);
      const answers = [...(await Promise.all(posts)), await post()];
      assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([202]));
      await eventually(async () => {
        const { text } = await ask(t.relay.opsPort ?? 0, '/metrics');
        assert.match(text, /flagrelay_events_forwarded_total\{environment="test"\} 102\n/);
        assert.match(text, new RegExp(`flagrelay_job_failures_total\\{job="${job}"\\} 2\\n`));
      });
      assert.deepEqual(t.fatal, []);
    });
  }
});
