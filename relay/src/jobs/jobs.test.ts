import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { recordingLogger } from '../testing/logger.ts';
import { jobAfter, jobEvery, jobSoon, observeJobs, probeJobs, runJob } from './jobs.ts';
import type { JobName } from './names.ts';
import { reportJobFailures } from './report.ts';

/** The next failure of a job. */
async function nextFailure(start: () => void): Promise<{ job: JobName; error: unknown }> {
  const heard = Promise.withResolvers<{ job: JobName; error: unknown }>();
  const stop = observeJobs((job, error) => heard.resolve({ job, error }));
  start();
  const failure = await heard.promise;
  stop();
  return failure;
}

describe('jobs', { timeout: 10_000 }, () => {
  afterEach(() => probeJobs(undefined));

  for (const [how, start] of [
    ['a timeout', (work: () => unknown) => jobAfter('usage', 1, work)],
    ['an immediate', (work: () => unknown) => jobSoon('usage', work)],
    ['an interval', (work: () => unknown) => jobEvery('usage', 1, work).unref()],
  ] as const) {
    test(`${how} that throws is told of, and nothing else happens`, async () => {
      let first = true;
      const failure = await nextFailure(() => {
        start(() => {
          if (first) {
            first = false;
            throw new Error('oops');
          }
        });
      });
      assert.equal(failure.job, 'usage');
      assert.equal((failure.error as Error).message, 'oops');
    });
  }

  test('a rejected promise is a failure too', async () => {
    const failure = await nextFailure(() => runJob('usage', () => Promise.reject(new Error('later'))));
    assert.equal((failure.error as Error).message, 'later');
  });

  test('an interval goes on after a failure', async () => {
    let runs = 0;
    const twice = Promise.withResolvers<void>();
    const stop = observeJobs(() => {
      runs += 1;
      if (runs === 2) twice.resolve();
    });
    const timer = jobEvery('usage', 1, () => {
      throw new Error('again');
    });
    await twice.promise;
    clearInterval(timer);
    stop();
  });

  test('a test may throw in the place of a job', async () => {
    const failure = await nextFailure(() => {
      probeJobs((job) => {
        if (job === 'usage') throw new Error('probe');
      });
      runJob('answers', () => {});
      runJob('usage', () => assert.fail('the probe threw'));
    });
    assert.equal((failure.error as Error).message, 'probe');
  });

  test('while nobody hears of it, the error goes its way', () => {
    assert.throws(
      () =>
        runJob('usage', () => {
          throw new Error('unheard');
        }),
      /unheard/,
    );
  });

  test('a job that keeps failing is counted each time and logged once a minute', () => {
    const logger = recordingLogger();
    let now = 0;
    let count = 0;
    const stop = reportJobFailures(logger, { inc: () => void count++ }, () => now);
    const fail = () =>
      runJob('usage', () => {
        throw new Error('oops');
      });
    fail();
    fail();
    now = 60_000;
    fail();
    stop();
    assert.equal(count, 3);
    assert.equal(logger.lines.length, 2);
    assert.equal(logger.lines[0]?.job, 'usage');
  });
});
