import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import fc from 'fast-check';
import type { DataSet, Item } from '../../data/data.ts';
import { compile } from '../../dialects/launchdarkly/evaluation/compile.ts';
import { itemCodec } from '../../dialects/launchdarkly/model/codec.ts';
import { parseItem, tombstone } from '../../dialects/launchdarkly/model/parse.ts';
import type { Store } from '../../environment/store.ts';
import { eventually } from '../../testing/eventually.ts';
import { recordingLogger } from '../../testing/logger.ts';
import { startCluster, startRedis, type TestRedis } from '../../testing/redis.ts';
import type { Persistence } from '../database/persistence.ts';
import { createRedisConnection } from './connection.ts';
import { createFollower } from './follower.ts';
import { redisKeys } from './keys.ts';
import { createPersistence } from './persistence.ts';
import { createRedisStore } from './redis-store.ts';

const TTLS = [0, 1_000, 30_000, -1] as const;
const NEVER = 3_600_000;

let redis: TestRedis;
before(async () => {
  redis = await startRedis();
});
after(() => redis[Symbol.asyncDispose]());
beforeEach(() => redis.client.flushall());

const flag = (key: string, version: number): Item =>
  parseItem('flags', JSON.stringify({ key, version, on: true }), key);
const segment = (key: string, version: number): Item => parseItem('segments', JSON.stringify({ key, version }), key);
const set = (...items: Item[]): DataSet => ({
  flags: new Map(items.filter((item) => item.kind === 'flags').map((item) => [item.key, item])),
  segments: new Map(items.filter((item) => item.kind === 'segments').map((item) => [item.key, item])),
});
const versionsOf = (data: DataSet | undefined) =>
  data && Object.fromEntries([...data.flags, ...data.segments].map(([key, item]) => [key, item.version]));
const served = async (store: Store) => versionsOf((await store.read())?.data);
const stored = async (server = redis, prefix = 'p') =>
  Object.fromEntries(
    Object.entries(await server.client.hgetall(`${prefix}:features`)).map(([key, text]) => [
      key,
      JSON.parse(text).version,
    ]),
  );
/** What ld-relay does with a patch: it writes the item, and nothing else. */
const foreignPatch = (item: Item) => redis.client.hset('p:features', item.key, item.json);

function open(
  cacheTtlMs: number,
  { url = redis.url, checkMs = 20, patienceMs = NEVER, mode = 'single' as 'single' | 'cluster' } = {},
) {
  const logger = recordingLogger();
  const config = { url, mode, cacheTtlMs };
  const connection = createRedisConnection(config, { logger });
  const follower = createFollower(connection, logger, { lookMs: 10, sessionMs: 2_000, retryMs: 20 });
  const store = createRedisStore(config, 'p', {
    codec: itemCodec,
    connection,
    compile,
    logger,
    follower,
    timing: { checkMs, retryMs: 20, patienceMs },
    events: { status: () => undefined, recovered: () => undefined },
  });
  return {
    store,
    logger,
    [Symbol.asyncDispose]: async () => {
      await follower.close();
      await connection.close();
      await store.close();
    },
  };
}

/** A relay that had data once and has lost upstream, so that it is behind. */
async function openStale(ttl: number, data: DataSet, options: Parameters<typeof open>[1] = {}) {
  const t = open(ttl, options);
  await t.store.init(data);
  t.store.linked?.(false);
  return t;
}

describe('an emptied Redis is filled again, and data never go back', { timeout: 120_000 }, () => {
  for (const ttl of TTLS) {
    test(`TTL ${ttl}: who has no link leaves it to those who have one`, async () => {
      await using stale = await openStale(ttl, set(flag('a', 1), flag('b', 1)));
      await using fresh = open(ttl, { checkMs: 300 });
      await fresh.store.init(set(flag('a', 5), flag('b', 1)));
      await redis.client.flushall();
      await fresh.store.upsert(flag('b', 7));
      await eventually(async () => assert.equal(await redis.client.exists('p:$inited'), 1));
      assert.deepEqual(await stored(), { a: 5, b: 7 });
      assert.deepEqual(await served(fresh.store), { a: 5, b: 7 });
      assert.ok(!stale.logger.lines.some(({ message }) => message.includes('filled again')));
    });

    test(`TTL ${ttl}: alone it fills Redis after its patience, and never over anything newer`, async () => {
      await using stale = await openStale(ttl, set(flag('a', 4), flag('b', 1)), { patienceMs: 100 });
      await redis.client.flushall();
      await foreignPatch(flag('b', 7));
      await foreignPatch(flag('c', 1));
      await eventually(async () => assert.equal(await redis.client.exists('p:$inited'), 1));
      assert.deepEqual(await stored(), { a: 4, b: 7, c: 1 });
      await eventually(async () => assert.deepEqual(await served(stale.store), { a: 4, b: 7, c: 1 }));
    });

    test(`TTL ${ttl}: who finds Redis filled by another's memory brings in what is newer, and takes what is newer there`, async () => {
      await using relay = open(ttl, { checkMs: 50 });
      await relay.store.init(set(flag('a', 5), flag('b', 3)));
      // Between two looks: emptied, and filled by a relay that knew less of one and more of another.
      await redis.client
        .multi()
        .flushall()
        .hset('p:features', { a: flag('a', 1).json, b: flag('b', 4).json })
        .set('p:$inited', 'flagrelay another')
        .exec();
      await eventually(async () => assert.deepEqual(await stored(), { a: 5, b: 4 }));
      await eventually(async () => assert.deepEqual(await served(relay.store), { a: 5, b: 4 }));
      assert.equal(await redis.client.get('p:$inited'), 'flagrelay another');
    });

    test(`TTL ${ttl}: who has no link knows what others wrote last, and fills Redis with it`, async () => {
      await using stale = await openStale(ttl, set(flag('a', 1)), { patienceMs: 100, checkMs: NEVER });
      for (const version of [2, 3, 5]) {
        await foreignPatch(flag('a', version));
        await eventually(async () => assert.deepEqual(await served(stale.store), { a: version }));
      }
      await redis.client.flushall();
      await eventually(async () => assert.deepEqual(await stored(), { a: 5 }));
    });

    test(`TTL ${ttl}: what Redis missed in an outage is part of what it is filled with`, async () => {
      await using own = await startRedis();
      await using relay = open(ttl, { url: own.url });
      await relay.store.init(set(flag('a', 1), flag('b', 1)));
      await own.kill();
      await Promise.resolve(relay.store.upsert(flag('a', 2))).catch(() => undefined);
      await Promise.resolve(relay.store.upsert(flag('a', 2))).catch(() => undefined);
      await own.restart();
      await eventually(async () => assert.equal(await own.client.exists('p:$inited'), 1));
      assert.deepEqual(await stored(own), { a: 2, b: 1 });
    });
  }

  test('a link that comes back ends the waiting', async () => {
    await using relay = await openStale(30_000, set(flag('a', 1)));
    await redis.client.flushall();
    await eventually(async () => {
      assert.deepEqual(await served(relay.store), { a: 1 }, 'readers notice nothing');
      assert.ok(relay.logger.lines.every(({ message }) => !message.includes('filled again')));
    });
    relay.store.linked?.(true);
    await eventually(async () => assert.equal(await redis.client.exists('p:$inited'), 1));
  });

  test('a put of upstream is the last word: it takes away, and sets back', async () => {
    await using relay = open(-1);
    await relay.store.init(set(flag('a', 5), flag('b', 5)));
    await relay.store.init(set(flag('a', 1)));
    assert.deepEqual(await stored(), { a: 1 });
    assert.equal(await redis.client.get('p:$inited'), '');
  });

  test('a put that Redis missed takes away what is not in it', async () => {
    await using own = await startRedis();
    await using relay = open(-1, { url: own.url });
    await relay.store.init(set(flag('a', 1), flag('gone', 1)));
    await own.kill();
    await relay.store.init(set(flag('a', 2)));
    await own.restart();
    await own.client.hset('p:features', { a: flag('a', 1).json, gone: flag('gone', 1).json });
    await own.client.set('p:$inited', '');
    await eventually(async () => assert.deepEqual(await stored(own), { a: 2 }));
  });
});

describe('merge', { timeout: 120_000 }, () => {
  const persistenceOf = (url: string, mode: 'single' | 'cluster' = 'single') => {
    const connection = createRedisConnection({ url, mode, cacheTtlMs: 0 }, { logger: recordingLogger() });
    const persistence = createPersistence(connection, {
      keys: redisKeys('p', itemCodec),
      codec: itemCodec,
      logger: recordingLogger(),
    });
    return { persistence, [Symbol.asyncDispose]: () => connection.close() };
  };
  const items = fc
    .dictionary(fc.constantFrom('a', 'b', 'c', 's1', 's2'), fc.tuple(fc.integer({ min: 1, max: 4 }), fc.boolean()))
    .map((all) =>
      set(
        ...Object.entries(all).map(([key, [version, deleted]]) => {
          const kind = key.startsWith('s') ? 'segments' : 'flags';
          return deleted
            ? tombstone(kind, key, version)
            : kind === 'flags'
              ? flag(key, version)
              : segment(key, version);
        }),
      ),
    );
  const newest = (...sets: DataSet[]) => {
    const versions: Record<string, number> = {};
    for (const data of sets) {
      for (const [key, version] of Object.entries(versionsOf(data) ?? {})) {
        versions[key] = Math.max(versions[key] ?? 0, version);
      }
    }
    return versions;
  };
  /** Whatever is stored, and whoever merges at the same time, the newest of each item is left. */
  const property = (persistence: Persistence, flush: () => Promise<unknown>, clearMark: () => Promise<unknown>) =>
    fc.asyncProperty(items, items, items, fc.boolean(), async (there, one, two, filled) => {
      await flush();
      await persistence.replace(there);
      if (!filled) await clearMark();
      const results = await Promise.all([one, two].map((data) => persistence.merge(data, { mark: 'm' })));
      assert.deepEqual(versionsOf(await persistence.load(undefined)), newest(there, one, two));
      for (const { data } of results) {
        for (const [key, version] of Object.entries(newest(there)))
          assert.ok((versionsOf(data)?.[key] ?? 0) >= version);
      }
    });

  test('the newest of each item is left, whatever is stored and whoever else merges', async () => {
    await using t = persistenceOf(redis.url);
    await fc.assert(
      property(
        t.persistence,
        () => redis.client.flushall(),
        () => redis.client.del('p:$inited'),
      ),
      { numRuns: 60 },
    );
  });

  test('the same in a Cluster, where no transaction spans the keys', async () => {
    await using cluster = await startCluster();
    await using t = persistenceOf(cluster.url, 'cluster');
    const flush = () => Promise.all(cluster.nodes.map(({ client }) => client.flushall()));
    // The one that has it takes it; the others say that it is not theirs.
    const clearMark = () => Promise.allSettled(cluster.nodes.map(({ client }) => client.del('p:$inited')));
    await fc.assert(property(t.persistence, flush, clearMark), { numRuns: 25 });
  });

  test('a merge among busy writers loses nothing', async () => {
    await using t = persistenceOf(redis.url);
    const writes: Promise<unknown>[] = [];
    for (let version = 1; version <= 30; version++) {
      writes.push(t.persistence.upsert(flag('a', version)), t.persistence.upsert(flag(`f${version}`, 2)));
      if (version % 5 === 0)
        writes.push(t.persistence.merge(set(flag('a', version - 3), flag('f1', 1)), { mark: 'm' }));
    }
    await Promise.all(writes);
    const all = await stored();
    assert.equal(all.a, 30);
    assert.equal(all.f1, 2);
    assert.equal(Object.keys(all).length, 31);
  });

  test('a merge that was torn leaves no older item, and the next one completes it', async () => {
    await using t = persistenceOf(redis.url);
    // A Cluster's merge that ended after the segments: no mark yet.
    await redis.client.hset('p:segments', { s: segment('s', 9).json });
    assert.equal(await t.persistence.load(undefined), undefined, 'not taken for a full one');
    await t.persistence.merge(set(segment('s', 3), flag('a', 1)), { mark: 'm' });
    assert.deepEqual(versionsOf(await t.persistence.load(undefined)), { a: 1, s: 9 });
  });

  test('a broken item counts as absent, and one that nobody knows is left alone', async () => {
    await using t = persistenceOf(redis.url);
    await redis.client.hset('p:features', { a: '{"key":', other: 'nonsense' });
    const { data, written } = await t.persistence.merge(set(flag('a', 1)), { mark: 'm' });
    assert.deepEqual([versionsOf(data), written], [{ a: 1 }, 1]);
    assert.equal(await redis.client.hget('p:features', 'other'), 'nonsense');
  });
});

test('follower: costs nothing without followers, goes on after an outage, and ends', { timeout: 60_000 }, async () => {
  await using own = await startRedis();
  const logger = recordingLogger();
  const connection = createRedisConnection({ url: own.url, mode: 'single', cacheTtlMs: 0 }, { logger });
  const follower = createFollower(connection, logger, { lookMs: 10, sessionMs: 60_000, retryMs: 20 });
  let calls = 0;
  const stop = follower.follow(['k1', 'k2'], async () => {
    calls += 1;
  });
  await eventually(() => assert.equal(calls, 1));
  for (const key of ['k2', 'k1', 'k2', 'k2']) {
    const before = calls;
    await own.client.set(key, String(Math.random()));
    await eventually(() => assert.ok(calls > before, 'each write is noticed'));
  }
  await own.restart();
  const before = calls;
  await eventually(async () => {
    await own.client.set('k1', String(Math.random()));
    assert.ok(calls > before);
  });
  let others = 0;
  follower.follow(['k3'], async () => {
    others += 1;
  });
  await eventually(() => assert.ok(others > 0));
  stop();
  await follower.close();
  await connection.close();
});

test('follower: in a Cluster writes on any of its servers are noticed by reading', { timeout: 60_000 }, async () => {
  await using cluster = await startCluster();
  const logger = recordingLogger();
  const connection = createRedisConnection({ url: cluster.url, mode: 'cluster', cacheTtlMs: 0 }, { logger });
  const follower = createFollower(connection, logger, { sessionMs: 60_000, clusterMs: 10, retryMs: 20 });
  const seen = new Set<string | null>();
  follower.follow(['k1', 'k2'], async () => {
    for (const key of ['k1', 'k2']) seen.add(await connection.run((client) => client.get(key)));
  });
  for (const key of ['k1', 'k2', 'k1']) {
    const value = `${key} ${Math.random()}`;
    await connection.run((client) => client.set(key, value));
    await eventually(() => assert.ok(seen.has(value)));
  }
  await follower.close();
  await connection.close();
});
