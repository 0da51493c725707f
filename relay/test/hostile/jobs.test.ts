import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, afterEach, test } from 'node:test';
import { request as fetchWith } from 'undici';
import { createUsageReporter } from '../../src/dialects/launchdarkly/events/usage.ts';
import { createWaiters } from '../../src/dialects/launchdarkly/events/waiters.ts';
import { parseDataSet } from '../../src/dialects/launchdarkly/model/parse.ts';
import { writeArchive } from '../../src/dialects/launchdarkly/sources/archive/write.ts';
import { fileCache, readCache } from '../../src/dialects/launchdarkly/sources/autoconfig/cache.ts';
import { createCacheKeeper } from '../../src/dialects/launchdarkly/sources/autoconfig/cache-keeper.ts';
import { createAutoConfig } from '../../src/dialects/launchdarkly/sources/autoconfig/source.ts';
import { environmentRep } from '../../src/dialects/launchdarkly/sources/environment-rep.ts';
import { createKeyGate } from '../../src/health/key-gate.ts';
import { createReporter } from '../../src/health/reporter.ts';
import { BodyReader } from '../../src/http/body.ts';
import { EarlyRequests } from '../../src/http/early-requests.ts';
import { observeJobs, probeJobs } from '../../src/jobs/jobs.ts';
import { JOB_NAMES, type JobName } from '../../src/jobs/names.ts';
import { FairBytes } from '../../src/memory/fair-bytes.ts';
import { createAdmission } from '../../src/streams/admission.ts';
import { ask, openStream } from '../../src/testing/client.ts';
import { recordingDefinitions } from '../../src/testing/definition-sink.ts';
import { startEventSink } from '../../src/testing/event-sink.ts';
import { eventually } from '../../src/testing/eventually.ts';
import { startLeaseServer } from '../../src/testing/lease-server.ts';
import { endPrograms, freePort, serving } from '../../src/testing/program.ts';
import { startRedis } from '../../src/testing/redis.ts';
import {
  KEYS,
  SILENT,
  sampleData,
  simpleFlag,
  startTestRelay,
  type TestRelay,
  untilReady,
} from '../../src/testing/relay.ts';
import { startSseServer } from '../../src/testing/sse-server.ts';
import { createUpstreamDispatcher } from '../../src/upstream/dispatcher.ts';

// Each case names the jobs that throw in it; that none is forgotten, and none named that does not throw, is the last test.
const thrownInCases = new Set<JobName>();
/** Proven by `src/events/jobs.test.ts`, each in a case of its own. */
const ELSEWHERE: readonly JobName[] = ['answers', 'events-flush', 'events-room', 'events-sent'];

const SDK = { Authorization: KEYS.sdk };
const ALICE = Buffer.from('{"kind":"user","key":"alice"}').toString('base64url');
const directory = mkdtempSync(join(tmpdir(), 'flagrelay-jobs-'));
after(() => rmSync(directory, { recursive: true }));
afterEach(() => probeJobs(undefined));
after(endPrograms);

/** Throws in the place of the first run of each job but some; returns those that ran. */
function throwInEachJob(but: readonly JobName[]): Set<JobName> {
  const thrown = new Set<JobName>();
  probeJobs((job) => {
    if (thrown.has(job) || but.includes(job)) return;
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
  // They live until the relay ends them.
  const lasting = await Promise.all(['/all', '/ping'].map((path) => openStream(relay.port, path, { headers: SDK })));
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
  for (const stream of lasting) stream.close();
  for (const job of jobs) assert.equal(await failuresOf(relay, job), 1, job);
  assert.deepEqual(relay.fatal, []);
  for (const job of jobs) thrownInCases.add(job);
}

/** Whether the job of {@link onlyOnce} has thrown. */
let failedOnce = (): boolean => false;

/** Throws in the place of the first run of a job, asserts that nothing but a failure of that job comes of it, and goes on. */
async function onlyOnce(job: JobName, use: () => Promise<void>): Promise<void> {
  const failed: JobName[] = [];
  let runs = 0;
  failedOnce = () => failed.length > 0;
  const stop = observeJobs((name) => void failed.push(name));
  probeJobs((name) => {
    if (name === job && runs++ === 0) throw new Error(`thrown in ${job}`);
  });
  try {
    await use();
  } finally {
    stop();
    probeJobs(undefined);
  }
  assert.deepEqual(failed, [job]);
  thrownInCases.add(job);
}

test('the relay goes on when any of its jobs throws: with an upstream, streams, snapshots and a certificate', async () => {
  const dataFile = join(directory, 'flags.json');
  writeFileSync(dataFile, JSON.stringify(sampleData()));
  const thrown = throwInEachJob(['answers', 'upstream-close']);
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
      [
        'connections',
        'fdv2-feed',
        'file-watch',
        'heartbeat',
        'key-cleanup',
        'snapshot-write',
        'stream-flush',
        'stream-lifetime',
        'takeover',
      ],
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
    thrownInCases.add('archive-look');
  } finally {
    await relay.close();
  }
});

test('early-requests: a request that waits for data is answered when there are none in time', {
  timeout: 30_000,
}, async () => {
  await onlyOnce('early-requests', async () => {
    const early = new EarlyRequests({ settled: () => false, holdMs: 200 });
    const server = createServer(early.held((_request, response) => response.end('answered')));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    assert.equal((await ask((server.address() as AddressInfo).port, '/sdk/flags')).text, 'answered');
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
});

test('autoconfig-cache: the list is written a little later', { timeout: 30_000 }, async () => {
  await onlyOnce('autoconfig-cache', async () => {
    const file = join(directory, 'list');
    const list = () => ({ environments: [], filters: [] });
    const keeper = createCacheKeeper({ cache: fileCache(file), list, logger: SILENT, apartMs: 10 });
    keeper.changed('secret');
    await eventually(async () => assert.deepEqual(await readCache(file, 'secret'), list()));
    await keeper.close();
  });
});

test('init-timeout: an environment is served when its data come', { timeout: 30_000 }, async () => {
  await using server = await startSseServer();
  await onlyOnce('init-timeout', async () => {
    const relay = await startTestRelay({ upstream: { streamUri: server.url, initTimeoutMs: 100 } });
    try {
      const stream = await server.next();
      await eventually(() => assert.equal(failedOnce(), true));
      stream.event('put', JSON.stringify({ path: '/', data: sampleData() }));
      await eventually(async () => assert.equal((await ask(relay.port, '/sdk/flags', { headers: SDK })).status, 200));
      assert.deepEqual(relay.fatal, []);
    } finally {
      await relay.close();
    }
  });
});

test('admission: the look at what the client reads frees the place', { timeout: 30_000 }, async () => {
  await onlyOnce('admission', async () => {
    const admission = createAdmission({ maxConcurrent: 1, maxQueued: 1, sendTimeoutMs: 10, stallMs: 30 });
    admission.admit()?.turn(
      () => {},
      () => 1,
    );
    const entered = Promise.withResolvers<void>();
    admission.admit()?.turn((done) => {
      done();
      entered.resolve();
    });
    await entered.promise;
  });
});

test('stream-end: a client that does not close holds nothing up', { timeout: 30_000 }, async () => {
  await onlyOnce('stream-end', async () => {
    const relay = await startTestRelay();
    await untilReady(relay);
    const client = connect({ port: relay.port, host: '127.0.0.1', allowHalfOpen: true });
    client.on('data', () => {}).on('error', () => {});
    client.write(`GET /all HTTP/1.1\r\nHost: relay\r\nAuthorization: ${KEYS.sdk}\r\n\r\n`);
    await eventually(() => assert.equal(relay.relay.streams(), 1));
    await relay.relay.drain();
    await eventually(() => assert.equal(failedOnce(), true));
    client.destroy();
    await relay.close();
  });
});

test('key-expiry: the next look ends the key', { timeout: 30_000 }, async () => {
  const archiveFile = join(directory, 'expiring.tar.gz');
  const old = 'sdk-44444444-0000-4000-8000-000000000001';
  const sdkKey = { value: KEYS.sdk, expiring: { value: old, timestamp: Date.now() + 1_500 } };
  const rep = environmentRep.parse({ envID: KEYS.env, mobKey: KEYS.mobile, sdkKey, version: 1 });
  await writeArchive(archiveFile, [{ rep, data: parseDataSet(JSON.stringify(sampleData())) }]);
  await onlyOnce('key-expiry', async () => {
    const relay = await startTestRelay({ environments: [], offline: { archiveFile }, credentialCleanupMs: 3_000 });
    try {
      await untilReady(relay);
      const statusOf = async (key: string) =>
        (await ask(relay.port, '/sdk/flags', { headers: { Authorization: key } })).status;
      assert.equal(await statusOf(old), 200);
      await eventually(async () => assert.equal(await statusOf(old), 401), 15_000);
      assert.equal(await statusOf(KEYS.sdk), 200);
    } finally {
      await relay.close();
    }
  });
});

test('store-check and big-segments-check: the next ones are made all the same', { timeout: 60_000 }, async () => {
  await using redis = await startRedis();
  for (const job of ['store-check', 'big-segments-check'] as const) {
    await onlyOnce(job, async () => {
      const relay = await startTestRelay(
        {
          environments: [{ name: 'test', sdkKey: KEYS.sdk, envId: KEYS.env, prefix: job }],
          store: { redis: { url: redis.url } },
        },
        { flags: sampleData().flags, segments: { seg: { key: 'seg', version: 1, unbounded: true, generation: 1 } } },
      );
      try {
        await untilReady(relay);
        await eventually(async () => {
          await ask(relay.port, `/sdk/evalx/${KEYS.env}/contexts/${ALICE}`);
          assert.equal(await failuresOf(relay, job), 1);
        }, 20_000);
        assert.equal((await ask(relay.port, '/sdk/flags', { headers: SDK })).status, 200);
        assert.deepEqual(relay.fatal, []);
      } finally {
        await relay.close();
      }
    });
  }
});

test('body-timeout and events-wait: who waits is not held up by it longer than its connection lives', {
  timeout: 30_000,
}, async () => {
  await onlyOnce('body-timeout', async () => {
    const reader = new BodyReader(new FairBytes(1000));
    const taker = { owner: {}, isPublic: true };
    const request = () => Object.assign(new PassThrough(), { headers: { 'content-length': '5' } });
    const [first, second] = [request(), request()];
    const lost = reader.read(first as never, 10, taker, 5);
    await assert.rejects(reader.read(second as never, 10, taker, 50), { reason: 'too-slow' });
    first.destroy();
    await assert.rejects(lost, { reason: 'aborted' });
    assert.equal(reader.budget.used, 0);
  });
  await onlyOnce('events-wait', async () => {
    const waiters = createWaiters();
    const first = waiters.wait(() => false, 5, undefined);
    assert.equal(await waiters.wait(() => false, 50, undefined), false);
    waiters.end();
    assert.equal(await first, false);
  });
});

test('usage: the next report is made', { timeout: 30_000 }, async () => {
  await using sink = await startEventSink();
  const dispatcher = createUpstreamDispatcher(undefined, {});
  await onlyOnce('usage', async () => {
    const environments = () => [{ id: 'a', sdkKey: 'sdk-1' }];
    const usage = createUsageReporter({
      eventsUri: sink.url,
      dispatcher,
      logger: SILENT,
      environments,
      intervalMs: 20,
    });
    usage.opened('a', { userAgent: 'x', platformCategory: 'server' });
    await sink.received(2);
    await usage.close();
  });
  await dispatcher.close();
});

test('upstream-close: the dispatcher ends when the other side does', { timeout: 30_000 }, async () => {
  const hanging = createServer((_, response) => void response.writeHead(200).write('begun'));
  await new Promise<void>((resolve) => hanging.listen(0, '127.0.0.1', resolve));
  const { port } = hanging.address() as AddressInfo;
  await onlyOnce('upstream-close', async () => {
    const dispatcher = createUpstreamDispatcher(undefined, {});
    const { body } = await fetchWith(`http://127.0.0.1:${port}`, { dispatcher });
    const dumped = body.text().catch((error: Error) => error);
    const closed = dispatcher.close();
    await eventually(() => assert.equal(failedOnce(), true), 10_000);
    // What should have cut it has failed.
    hanging.closeAllConnections();
    await Promise.all([closed, dumped]);
  });
  await new Promise((resolve) => hanging.close(resolve));
});

test('first-list: the list is taken when it comes', { timeout: 30_000 }, async () => {
  await using server = await startSseServer();
  await onlyOnce('first-list', async () => {
    const source = createAutoConfig(
      { key: 'rel-1', envAllowedOrigins: [], envAllowedHeaders: [] },
      { streamUri: server.url, logger: SILENT, firstListMs: 20 },
    );
    const sink = recordingDefinitions();
    const started = source.start(sink);
    const stream = await server.next();
    await eventually(() => assert.equal(failedOnce(), true));
    stream.event('put', JSON.stringify({ path: '/', data: { environments: {}, filters: {} } }));
    await started;
    await source.close();
  });
});

test('status-report: the next change is reported', { timeout: 30_000 }, async () => {
  await using api = await startLeaseServer();
  await onlyOnce('status-report', async () => {
    const reporter = createReporter({
      config: { relayProxy: 'flags' },
      version: '0.1.0',
      env: { ...api.env('pod-1'), POD_UID: 'uid', POD_ZONE: 'zone' },
      facts: () => ({ ready: true, connections: 1, connectedEnvironments: 1, environments: [] }),
      logger: SILENT,
      account: { directory: api.accountDirectory },
      timing: { debounceMs: 5, connectionsMs: 10, retryMs: 5, maxRetryMs: 20 },
    });
    await eventually(() => {
      reporter.changed();
      assert.ok(
        [...api.paths].some((path) => path.startsWith('PATCH') && path.includes('flags')),
        'no report',
      );
    });
    await reporter.close();
  });
});

test('key-gate: the next look tells that nobody else serves', { timeout: 30_000 }, async () => {
  await using api = await startLeaseServer();
  await onlyOnce('key-gate', async () => {
    const gate = createKeyGate({
      config: { relayProxy: 'flags' },
      env: api.env('flags-relay-new-bbbbb'),
      logger: SILENT,
      changed: () => {},
      account: { directory: api.accountDirectory },
      timing: { lookMs: 20, timeoutMs: 5_000, retryMs: 5, giveUpMs: 60_000 },
    });
    await eventually(() =>
      assert.equal(gate.holds({ names: ['two'], awaited: [{ name: 'two', credentials: ['sdk'] }] }), undefined),
    );
    await gate.close();
  });
});

test('promise, worker-facts, worker-message, worker-restart: a relay of two processes goes on', {
  timeout: 120_000,
}, async () => {
  const jobs = ['promise', 'worker-facts', 'worker-message', 'worker-restart'] as const;
  const opsPort = await freePort();
  const { upstream, started, port } = await serving({
    WORKERS: '2',
    OPS_PORT: String(opsPort),
    NODE_OPTIONS: `--import=${new URL('../../src/testing/broken-jobs.ts', import.meta.url).pathname}`,
    // The first messages are a start: without them there is no worker that could go on.
    BROKEN_JOBS: 'promise:1,worker-facts:1,worker-message:40,worker-restart:1',
  });
  try {
    await eventually(async () => assert.equal((await ask(opsPort, '/readyz')).status, 200), 30_000);
    const worker = readFileSync(`/proc/${started.child.pid}/task/${started.child.pid}/children`, 'utf8').split(' ')[0];
    process.kill(Number(worker), 'SIGKILL');
    await eventually(async () => {
      const { text } = await ask(opsPort, '/metrics');
      for (const job of jobs)
        assert.match(text, new RegExp(`^flagrelay_job_failures_total\\{job="${job}"\\} [1-9]`, 'm'));
      assert.match(text, /^flagrelay_workers 2$/m);
    }, 60_000);
    upstream.patchFlag(KEYS.sdk, simpleFlag('one', 9_000));
    await eventually(async () => {
      const { text } = await ask(port, '/sdk/flags', { headers: SDK });
      assert.match(text, /"version":9000/);
    }, 30_000);
    for (const job of jobs) thrownInCases.add(job);
  } finally {
    started.child.kill('SIGTERM');
    await started.exited;
    await upstream.close();
  }
});

test('no job is without a case', () => {
  assert.deepEqual([...new Set([...thrownInCases, ...ELSEWHERE])].sort(), [...JOB_NAMES].sort());
});
