import assert from 'node:assert/strict';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';
import { createRedisConnection } from '../../../store/redis/connection.ts';
import { eventually } from '../../../testing/eventually.ts';
import { recordingLogger } from '../../../testing/logger.ts';
import { startCluster, startRedis, type TestRedis } from '../../../testing/redis.ts';
import { createUpstreamDispatcher } from '../../../upstream/dispatcher.ts';
import type { EnvironmentDefinition } from '../model/definition.ts';
import { hashContextKey } from './database.ts';
import { PatchError, parsePatches } from './patch.ts';
import { createBigSegmentStore } from './store.ts';

let redis: TestRedis;
before(async () => {
  redis = await startRedis();
});
after(() => redis[Symbol.asyncDispose]());
beforeEach(() => redis.client.flushall());

/** Upstream's big-segment service: a list of patches, each following on the one before. */
async function startService() {
  const patches: { version: string; previousVersion: string; [other: string]: unknown }[] = [];
  const streams = new Set<ServerResponse>();
  const service = { patches, polls: [] as string[], status: 200, key: 'sdk-1', streams };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://x');
    if (service.status !== 200 || request.headers.authorization !== service.key) {
      response.writeHead(service.status === 200 ? 401 : service.status).end();
      return;
    }
    if (url.pathname === '/big-segments') {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders();
      streams.add(response);
      response.on('close', () => streams.delete(response));
      return;
    }
    const cursor = url.searchParams.get('after');
    service.polls.push(cursor ?? '');
    const from = cursor === null ? 0 : patches.findIndex((patch) => patch.version === cursor) + 1;
    response.end(JSON.stringify(patches.slice(from, from + 1)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    ...service,
    service,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    add: (included: object, excluded: object = {}, segmentId = 'big.g1') => {
      const previousVersion = patches.at(-1)?.version ?? '';
      const patch = { segmentId, version: `v${patches.length + 1}`, previousVersion, changes: { included, excluded } };
      patches.push(patch);
      return patch;
    },
    send: (...sent: object[]) => {
      for (const stream of streams) stream.write(`event: patch\ndata: ${JSON.stringify(sent)}\n\n`);
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

type Service = Awaited<ReturnType<typeof startService>>;

function open(upstream: Service, { url = redis.url, mode = 'single' as 'single' | 'cluster', aheadMs = 60_000 } = {}) {
  const logger = recordingLogger();
  const connection = createRedisConnection({ url, mode, cacheTtlMs: 0 }, { logger });
  const dispatcher = createUpstreamDispatcher(undefined, {});
  let changes = 0;
  const store = createBigSegmentStore({
    config: {
      upstream: { baseUri: `${upstream.url}/`, streamUri: upstream.url } as never,
      bigSegments: { staleThresholdMs: 300_000, staleAsDegraded: false },
      offline: undefined,
    },
    definition: () => ({ prefix: 'p', sdkKey: 'sdk-1' }) as EnvironmentDefinition,
    connection: { redis: connection },
    dispatcher,
    logger,
    changed: () => {
      changes += 1;
    },
    timing: { retryMs: 30, maxRetryMs: 60, refusedMs: 60, markMs: 50, statusMs: 20, aheadMs },
  });
  return {
    store,
    logger,
    changes: () => changes,
    lookup: async (key: string, ref = 'big.g1') => (await store.query(key)).membership?.lookup(ref),
    synchronised: () => eventually(() => assert.ok((store.status()?.lastSynchronizedOn ?? 0) > 0)),
    [Symbol.asyncDispose]: async () => {
      await store.close();
      await connection.close();
      await dispatcher.close();
    },
  };
}

const hash = hashContextKey;

describe('big segments (contract 5.4, 6.1–6.3)', { timeout: 60_000 }, () => {
  test('the hash is standard base64 of SHA-256 (contract 13)', () => {
    assert.equal(hash('alice'), 'K9gGyX8OAK8aH8Myj6djqSaXI8jbj6xPk69x2xhtbpA=');
  });

  test('nothing is asked of upstream before a big segment is seen', async () => {
    await using upstream = await startService();
    await using t = open(upstream);
    assert.equal(t.store.status(), undefined);
    assert.deepEqual(upstream.polls, []);
  });

  test('polls fill Redis, the stream is followed, and answers change at once', async () => {
    await using upstream = await startService();
    upstream.add({ add: [hash('alice'), hash('bob')] }, { add: [hash('bob'), hash('carol')] });
    upstream.add({ add: [hash('dave')] }, {}, 'other.g2');
    await using t = open(upstream);
    t.store.seen();
    t.store.seen();
    await t.synchronised();
    assert.deepEqual(upstream.polls, ['', 'v1', 'v2', 'v2']);
    assert.equal(await redis.client.get('p:big_segments_cursor'), 'v2');
    assert.equal(await redis.client.get('p:big_segments_lock'), '');
    assert.match((await redis.client.get('p:big_segments_synchronized_on')) ?? '', /^\d{13}$/);
    assert.deepEqual(await redis.client.smembers(`p:big_segment_include:${hash('alice')}`), ['big.g1']);
    assert.deepEqual(
      [await t.lookup('alice'), await t.lookup('bob'), await t.lookup('carol'), await t.lookup('nobody')],
      [true, true, false, undefined],
      'include wins over exclude',
    );
    assert.equal(await t.lookup('dave', 'other.g2'), true);
    assert.equal((await t.store.query('alice')).status, 'HEALTHY');
    const before = t.changes();
    upstream.send(upstream.add({ remove: [hash('alice')] }, { remove: [hash('carol')] }));
    await eventually(() => assert.equal(t.changes(), before + 1));
    assert.deepEqual([await t.lookup('alice'), await t.lookup('carol')], [undefined, undefined]);
    assert.deepEqual(t.store.status()?.available, true);
    assert.equal(t.store.status()?.potentiallyStale, false);
  });

  test('a patch that does not follow begins the cycle anew', async () => {
    await using upstream = await startService();
    upstream.add({ add: [hash('alice')] });
    await using t = open(upstream);
    t.store.seen();
    await t.synchronised();
    await eventually(() => assert.equal(upstream.streams.size, 1));
    upstream.add({ add: [hash('missed')] });
    upstream.send(upstream.add({ add: [hash('late')] }));
    await eventually(async () => assert.equal(await redis.client.get('p:big_segments_cursor'), 'v3'));
    assert.equal(await t.lookup('missed'), true);
  });

  test('a broken stream, a failing service and a refused key are tried again', async () => {
    await using upstream = await startService();
    await using t = open(upstream);
    t.store.seen();
    await t.synchronised();
    for (const stream of upstream.streams) stream.destroy();
    upstream.service.status = 503;
    await eventually(() => assert.ok(t.logger.lines.some((line) => line.error === 'HTTP status 503')));
    upstream.service.status = 401;
    await eventually(() => assert.ok(t.logger.lines.some((line) => line.level === 'error')));
    upstream.service.status = 200;
    upstream.add({ add: [hash('alice')] });
    await eventually(async () => assert.equal(await redis.client.get('p:big_segments_cursor'), 'v1'));
    assert.doesNotMatch(JSON.stringify(t.logger.lines), /sdk-1/);
  });

  test('Redis that was emptied is filled again', async () => {
    await using upstream = await startService();
    upstream.add({ add: [hash('alice')] });
    await using t = open(upstream);
    t.store.seen();
    await t.synchronised();
    await redis.client.flushall();
    await eventually(async () => assert.equal(await redis.client.get('p:big_segments_cursor'), 'v1'));
    await eventually(async () => assert.equal(await t.lookup('alice'), true));
  });

  test('two relays on one prefix agree', async () => {
    await using upstream = await startService();
    for (let i = 0; i < 20; i++) upstream.add({ add: [hash(`user-${i}`)] });
    await using one = open(upstream);
    await using two = open(upstream);
    one.store.seen();
    two.store.seen();
    await eventually(async () => assert.equal(await redis.client.get('p:big_segments_cursor'), 'v20'));
    for (let i = 0; i < 20; i++)
      assert.equal(await redis.client.scard(`p:big_segment_include:${hash(`user-${i}`)}`), 1);
  });

  /** Relays on one prefix, each with a stream of its own. */
  async function neighbours(count: number, aheadMs?: number) {
    const stack = new AsyncDisposableStack();
    const relays = [];
    for (let i = 0; i < count; i++) {
      const upstream = stack.use(await startService());
      upstream.add({ add: [hash('first')] });
      const relay = stack.use(open(upstream, { ...(aheadMs === undefined ? {} : { aheadMs }) }));
      relay.store.seen();
      await relay.synchronised();
      await eventually(() => assert.equal(upstream.streams.size, 1));
      relays.push({ ...relay, upstream });
    }
    return { relays, [Symbol.asyncDispose]: () => stack.disposeAsync() };
  }

  test('relays on one prefix: each tells its clients of every patch, whoever applied it, and stays on its stream', async () => {
    await using t = await neighbours(3);
    const before = t.relays.map((relay) => relay.changes());
    const streams = t.relays.map(({ upstream }) => [...upstream.streams][0]);
    for (let n = 1; n <= 12; n++) {
      for (let turn = 0; turn < 3; turn++) {
        const index = (n + turn) % 3;
        const { upstream, changes } = t.relays[index]!;
        upstream.send(upstream.add({ add: [hash(`user-${n}`)] }));
        await eventually(() => assert.equal(changes(), before[index]! + n));
      }
    }
    assert.equal(await redis.client.get('p:big_segments_cursor'), 'v13');
    for (const [index, { upstream, logger }] of t.relays.entries()) {
      assert.equal([...upstream.streams][0], streams[index], 'no stream was opened again');
      assert.ok(!logger.lines.some(({ level }) => level === 'warn'));
    }
  });

  test('relays on one prefix: one that is several patches ahead leaves no one untold', async () => {
    await using t = await neighbours(2);
    const [fast, slow] = t.relays as [(typeof t.relays)[0], (typeof t.relays)[0]];
    const before = slow.changes();
    const patches = [1, 2, 3, 4].map((n) => {
      slow.upstream.add({ add: [hash(`user-${n}`)] });
      return fast.upstream.add({ add: [hash(`user-${n}`)] });
    });
    fast.upstream.send(...patches);
    await eventually(async () => assert.equal(await redis.client.get('p:big_segments_cursor'), 'v5'));
    for (const [index, patch] of patches.entries()) {
      slow.upstream.send(patch);
      await eventually(() => assert.ok(slow.changes() >= before + index + 1));
    }
    assert.ok(!slow.logger.lines.some(({ message }) => message.includes('does not follow')));
  });

  test('relays on one prefix: what a stream never brought is told after the next look at the cursor', async () => {
    await using t = await neighbours(2, 20);
    const [fast, slow] = t.relays as [(typeof t.relays)[0], (typeof t.relays)[0]];
    const before = slow.changes();
    slow.upstream.add({ add: [hash('alice')] });
    fast.upstream.send(fast.upstream.add({ add: [hash('alice')] }));
    await eventually(() => assert.ok(slow.changes() > before));
    assert.equal(await slow.lookup('alice'), true);
  });

  test('a database that was set back is brought forward again, and not taken for one that is ahead', async () => {
    await using upstream = await startService();
    for (const name of ['a', 'b', 'c']) upstream.add({ add: [hash(name)] });
    await using t = open(upstream);
    t.store.seen();
    await t.synchronised();
    await eventually(() => assert.equal(upstream.streams.size, 1));
    await redis.client.srem(`p:big_segment_include:${hash('c')}`, 'big.g1');
    await redis.client.set('p:big_segments_cursor', 'v2');
    upstream.send(upstream.add({ add: [hash('d')] }));
    await eventually(async () => assert.equal(await redis.client.get('p:big_segments_cursor'), 'v4'));
    await eventually(async () => assert.equal(await t.lookup('c'), true));
  });

  test('data that nobody keeps in step is STALE, and without Redis it is STORE_ERROR', async () => {
    await using upstream = await startService();
    upstream.service.status = 503;
    await using own = await startRedis();
    await own.client.set('p:big_segments_synchronized_on', String(Date.now() - 121_000));
    await own.client.sadd(`p:big_segment_exclude:${hash('x')}`, 'big.g1');
    await using t = open(upstream, { url: own.url });
    t.store.seen();
    const query = await t.store.query('x');
    assert.deepEqual([query.status, query.membership?.lookup('big.g1')], ['STALE', false]);
    assert.equal(t.store.status()?.potentiallyStale, false, 'the limit of /status is its own');
    await own.kill();
    await eventually(() => assert.equal(t.store.status()?.available, false));
    assert.deepEqual(await t.store.query('y'), { status: 'STORE_ERROR' });
    await own.restart();
    await eventually(() => assert.equal(t.store.status()?.available, true));
    assert.ok((await t.store.query('y')).membership !== undefined);
  });

  test('a Cluster without a hash tag in the prefix takes patches as well', async () => {
    await using cluster = await startCluster();
    await using upstream = await startService();
    upstream.add({ add: ['a', 'b', 'c', 'd'].map(hash) }, { add: ['e'].map(hash) });
    await using t = open(upstream, { url: cluster.url, mode: 'cluster' });
    t.store.seen();
    await t.synchronised();
    for (const key of ['a', 'b', 'c', 'd']) assert.equal(await t.lookup(key), true);
    assert.equal(await t.lookup('e'), false);
  });
});

test('patches are checked', () => {
  const minimal = { segmentId: 's.g1', version: '1', previousVersion: '', changes: { included: null } };
  assert.deepEqual(parsePatches(JSON.stringify([minimal]))[0]?.changes.excluded, { add: [], remove: [] });
  for (const bad of ['', '{}', '[1]', '[{"segmentId":1}]']) assert.throws(() => parsePatches(bad), PatchError);
});
