import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, test } from 'node:test';
import { probeJobs } from '../../src/jobs/jobs.ts';
import type { JobName } from '../../src/jobs/names.ts';
import { parseDataSet } from '../../src/model/parse.ts';
import { writeArchive } from '../../src/sources/archive/write.ts';
import { environmentRep } from '../../src/sources/environment-rep.ts';
import { ask, openStream } from '../../src/testing/client.ts';
import { eventually } from '../../src/testing/eventually.ts';
import { KEYS, sampleData, simpleFlag, startTestRelay, type TestRelay, untilReady } from '../../src/testing/relay.ts';

const SDK = { Authorization: KEYS.sdk };
const ALICE = Buffer.from('{"kind":"user","key":"alice"}').toString('base64url');
const directory = mkdtempSync(join(tmpdir(), 'flagrelay-jobs-'));
after(() => rmSync(directory, { recursive: true }));
afterEach(() => probeJobs(undefined));

/** Throws in the place of the first run of each job; returns those that ran. */
function throwInEachJob(): Set<JobName> {
  const thrown = new Set<JobName>();
  probeJobs((job) => {
    if (thrown.has(job)) return;
    thrown.add(job);
    throw new Error(`thrown in ${job}`);
  });
  return thrown;
}

async function failuresOf({ relay }: TestRelay, job: JobName): Promise<number> {
  const { text } = await ask(relay.opsPort ?? 0, '/metrics');
  return Number(new RegExp(`^flagrelay_job_failures_total\\{job="${job}"\\} (\\d+)`, 'm').exec(text)?.[1] ?? 0);
}

/** Runs the relay until each of the jobs has thrown, and asserts that it was counted and the relay serves. */
async function survives(relay: TestRelay, jobs: readonly JobName[], thrown: Set<JobName>): Promise<void> {
  let version = 100;
  await eventually(async () => {
    // Each try opens streams of every kind, changes a flag and asks for an evaluation.
    const streams = await Promise.all(
      ['/all', '/ping', '/sdk/stream'].map((path) => openStream(relay.port, path, { headers: SDK })),
    );
    relay.upstream.patchFlag(KEYS.sdk, simpleFlag('one', ++version, { variations: [version, 'b'] }));
    await ask(relay.port, `/sdk/evalx/${KEYS.env}/contexts/${ALICE}`);
    for (const stream of streams) stream.close();
    assert.deepEqual(
      jobs.filter((job) => !thrown.has(job)),
      [],
      'jobs that did not run',
    );
  }, 30_000);
  for (const job of jobs) assert.equal(await failuresOf(relay, job), 1, job);
  assert.deepEqual(relay.fatal, []);
}

test('the relay goes on when any of its jobs throws: with an upstream, streams, snapshots and a certificate', async () => {
  const dataFile = join(directory, 'flags.json');
  writeFileSync(dataFile, JSON.stringify(sampleData()));
  const thrown = throwInEachJob();
  const relay = await startTestRelay({
    environments: [
      { name: 'test', sdkKey: KEYS.sdk, mobileKey: KEYS.mobile, envId: KEYS.env },
      { name: 'file', sdkKey: 'sdk-22222222-0000-4000-8000-000000000001', dataFile },
    ],
    server: { initMaxConcurrent: 100, initMaxQueued: 100, initSendTimeoutMs: 50 },
    streaming: { heartbeatMs: 500, maxConnectionMs: 200 },
    upstream: { initTimeoutMs: 100 },
    snapshot: { directory },
    credentialCleanupMs: 100,
  });
  try {
    await untilReady(relay);
    await survives(
      relay,
      ['fdv2-feed', 'heartbeat', 'key-cleanup', 'snapshot-write', 'stream-flush', 'stream-lifetime', 'takeover'],
      thrown,
    );
    relay.upstream.patchFlag(KEYS.sdk, simpleFlag('one', 1_000, { variations: ['last', 'b'] }));
    await eventually(async () => {
      const { text } = await ask(relay.port, `/sdk/evalx/${KEYS.env}/contexts/${ALICE}`);
      assert.equal((JSON.parse(text) as { one: { value: unknown } }).one.value, 'last');
    });
    const stream = await openStream(relay.port, '/all', { headers: SDK });
    await stream.until(() => stream.text().includes('"last"'));
    stream.close();
  } finally {
    await relay.close();
  }
});

test('the relay goes on when a look at its archive throws, and follows the archive afterwards', async () => {
  const archiveFile = join(directory, 'archive.tar.gz');
  const write = (version: number): Promise<void> => {
    const rep = environmentRep.parse({ envID: KEYS.env, mobKey: KEYS.mobile, sdkKey: { value: KEYS.sdk }, version });
    const data = { flags: { one: simpleFlag('one', version, { variations: [version, 'b'] }) }, segments: {} };
    return writeArchive(archiveFile, [{ rep, data: parseDataSet(JSON.stringify(data)) }]);
  };
  await write(1);
  const relay = await startTestRelay({ environments: [], offline: { archiveFile, reloadMs: 100 } });
  try {
    await untilReady(relay);
    let looks = 0;
    probeJobs((job) => {
      if (job === 'archive-look' && looks++ === 0) throw new Error('thrown in a look');
    });
    await write(2);
    await eventually(async () => {
      assert.equal(await failuresOf(relay, 'archive-look'), 1);
      const { text } = await ask(relay.port, '/sdk/flags', { headers: SDK });
      assert.equal((JSON.parse(text) as { one: { version: number } }).one.version, 2);
    });
    assert.deepEqual(relay.fatal, []);
  } finally {
    await relay.close();
  }
});
