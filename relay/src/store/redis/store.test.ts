import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { DataSet, Item, ItemKind } from '../../data/data.ts';
import { compile } from '../../dialects/launchdarkly/evaluation/compile.ts';
import { itemCodec } from '../../dialects/launchdarkly/model/codec.ts';
import { parseDataSet, parseItem, tombstone } from '../../dialects/launchdarkly/model/parse.ts';
import type { Store, StoreStatus } from '../../environment/store.ts';
import { StoreError } from '../../errors.ts';
import { eventually } from '../../testing/eventually.ts';
import { recordingLogger } from '../../testing/logger.ts';
import { startRedis, type TestRedis } from '../../testing/redis.ts';
import type { DatabaseStoreTiming } from '../database/store.ts';
import { refusedItems } from '../refused-items.ts';
import { createRedisConnection, type RedisConnection } from './connection.ts';
import { createRedisStore } from './redis-store.ts';

let redis: TestRedis;
before(async () => {
  redis = await startRedis();
});
after(() => redis[Symbol.asyncDispose]());
beforeEach(() => redis.client.flushall());

const fast: DatabaseStoreTiming = { checkMs: 20, retryMs: 20, patienceMs: 100 };

interface Opened extends AsyncDisposable {
  readonly store: Store;
  readonly statuses: StoreStatus['state'][];
  readonly recovered: () => number;
  readonly connection: RedisConnection;
}

/** Stands between a store and its connection, which is a real one. */
type Hook = (connection: RedisConnection) => RedisConnection;

/** Keeps the first reply with data back: `held` resolves when it is there, `released` lets it go. Looks at the mark pass. */
function heldReply() {
  const held = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const hook: Hook = (connection) => ({
    ...{ shownUrl: connection.shownUrl, cluster: connection.cluster, close: connection.close },
    transact: connection.transact,
    run: async (work) => {
      const reply = await connection.run(work);
      if (Array.isArray(reply)) {
        held.resolve();
        await released.promise;
      }
      return reply;
    },
  });
  return { hook, held: held.promise, released: () => released.resolve() };
}

function open(
  cacheTtlMs: number,
  { prefix = 'p', timing = fast, url = redis.url, hook = (same: RedisConnection) => same } = {},
): Opened {
  const statuses: StoreStatus['state'][] = [];
  let recovered = 0;
  const logger = recordingLogger();
  const config = { url, mode: 'single' as const, cacheTtlMs };
  const connection = createRedisConnection(config, { logger });
  const store = createRedisStore(config, prefix, {
    codec: itemCodec,
    connection: hook(connection),
    compile,
    logger,
    timing,
    events: {
      status: ({ state }) => statuses.push(state),
      recovered: () => {
        recovered += 1;
      },
    },
  });
  return {
    store,
    statuses,
    connection,
    recovered: () => recovered,
    [Symbol.asyncDispose]: async () => {
      await connection.close();
      await store.close();
    },
  };
}

const flag = (key: string, version: number): Item =>
  parseItem('flags', JSON.stringify({ key, version, on: true, variations: [1], unknownMember: { keep: 'me' } }), key);
const segment = (key: string, version: number): Item => parseItem('segments', JSON.stringify({ key, version }), key);
const set = (...items: Item[]): DataSet => ({
  flags: new Map(items.filter((item) => item.kind === 'flags').map((item) => [item.key, item])),
  segments: new Map(items.filter((item) => item.kind === 'segments').map((item) => [item.key, item])),
});
const stored = async (kind: ItemKind, key: string, prefix = 'p') =>
  JSON.parse((await redis.client.hget(`${prefix}:${kind === 'flags' ? 'features' : 'segments'}`, key)) ?? 'null');
const versions = async (store: Store): Promise<Record<string, number> | undefined> => {
  const data = (await store.read())?.data;
  return data && Object.fromEntries([...data.flags, ...data.segments].map(([key, item]) => [key, item.version]));
};

describe('layout and versions (contract 6.1, 6.2)', { timeout: 60_000 }, () => {
  test('a put replaces both hashes and sets $inited, with the text of each item untouched', async () => {
    await using t = open(30_000);
    await redis.client.hset('p:features', 'gone', '{"key":"gone","version":9}');
    await t.store.init(set(flag('a', 1), segment('s', 2)));
    assert.deepEqual((await redis.client.keys('*')).sort(), ['p:$inited', 'p:features', 'p:segments']);
    assert.deepEqual(await redis.client.hgetall('p:features'), { a: flag('a', 1).json });
    assert.deepEqual(await redis.client.hgetall('p:segments'), { s: segment('s', 2).json });
    assert.equal(await redis.client.get('p:$inited'), '');
    assert.equal(await redis.client.ttl('p:features'), -1);
  });

  test('an environment without a prefix uses launchdarkly', async () => {
    const config = { url: redis.url, mode: 'single' as const, cacheTtlMs: 0 };
    const logger = recordingLogger();
    const connection = createRedisConnection(config, { logger });
    const events = { status: () => undefined, recovered: () => undefined };
    const store = createRedisStore(config, undefined, { codec: itemCodec, connection, compile, logger, events });
    await store.init(set());
    assert.deepEqual(await redis.client.keys('*'), ['launchdarkly:$inited']);
    assert.equal(store.status().dbPrefix, 'launchdarkly');
    await store.close();
    await connection.close();
  });

  test('a process that may not use Redis any more writes and reads nothing, whatever was under way', async () => {
    let allowed = true;
    const config = { url: redis.url, mode: 'single' as const, cacheTtlMs: 0 };
    const logger = recordingLogger();
    const connection = createRedisConnection(config, { logger, allowed: () => allowed });
    const events = { status: () => undefined, recovered: () => undefined };
    const store = createRedisStore(config, 'p', { codec: itemCodec, connection, compile, logger, events });
    await store.init(set(flag('a', 1)));
    allowed = false;
    await assert.rejects(Promise.resolve(store.upsert(flag('a', 2))), /another process may be using it/);
    await assert.rejects(Promise.resolve(store.read()), StoreError);
    assert.deepEqual(await redis.client.hgetall('p:features'), { a: flag('a', 1).json });
    await store.close();
    await connection.close();
  });

  test('an item is written only when it is newer than the stored one', async () => {
    await using t = open(30_000);
    await t.store.init(set(flag('a', 5)));
    assert.equal((await t.store.upsert(flag('a', 4))).applied, false);
    assert.equal((await t.store.upsert(flag('a', 5))).applied, false);
    const newer = await t.store.upsert(flag('a', 6));
    assert.equal(newer.applied, true);
    assert.equal(newer.data.data.flags.get('a')?.version, 6);
    assert.deepEqual(await stored('flags', 'a'), JSON.parse(flag('a', 6).json));
  });

  test('a version that another relay wrote wins, and is served from then on', async () => {
    await using t = open(-1);
    await t.store.init(set(flag('a', 1)));
    await redis.client.hset('p:features', 'a', flag('a', 7).json);
    const result = await t.store.upsert(flag('a', 3));
    assert.equal(result.applied, false);
    assert.equal(result.data.data.flags.get('a')?.version, 7);
    assert.equal((await stored('flags', 'a')).version, 7);
  });

  test('a deleted item is a tombstone with the defaults of its kind and the key $deleted', async () => {
    await using t = open(0);
    await t.store.init(set(flag('a', 1)));
    await t.store.upsert(tombstone('flags', 'a', 2));
    await t.store.upsert(tombstone('segments', 'never-there', 3));
    const a = await stored('flags', 'a');
    assert.equal(a.key, '$deleted');
    assert.equal(a.deleted, true);
    assert.equal(a.version, 2);
    assert.deepEqual(a.variations, []);
    assert.equal((await stored('segments', 'never-there')).key, '$deleted');
    const read = await t.store.read();
    assert.deepEqual(
      [read?.data.flags.get('a'), read?.data.segments.get('never-there')],
      [tombstone('flags', 'a', 2), tombstone('segments', 'never-there', 3)],
    );
    assert.equal((await t.store.upsert(flag('a', 2))).applied, false);
    assert.equal((await t.store.upsert(flag('a', 3))).applied, true);
  });

  test('what another writes between the look and the write is seen', async () => {
    await redis.client.hset('p:features', 'a', flag('a', 1).json);
    let looked = 0;
    /** Right after the store has looked, a newer version comes from elsewhere, once. */
    const hook: Hook = (connection) => ({
      ...{ shownUrl: connection.shownUrl, cluster: connection.cluster, close: connection.close, run: connection.run },
      transact: (work) =>
        connection.transact(async (client) => {
          const watching = Object.create(client) as typeof client;
          watching.hget = (async (key: string, field: string) => {
            const text = await client.hget(key, field);
            looked += 1;
            if (looked === 1) await redis.client.hset('p:features', 'a', flag('a', 5).json);
            return text;
          }) as typeof client.hget;
          return work(watching);
        }),
    });
    await using t = open(30_000, { hook });
    await t.store.upsert(flag('a', 2));
    assert.equal(looked, 2, 'it looked again');
    assert.equal((await stored('flags', 'a')).version, 5);
  });

  test('concurrent writers of one hash lose nothing', async () => {
    await using one = open(0);
    await using two = open(0);
    await one.store.init(set());
    const writes: Promise<unknown>[] = [];
    for (let i = 1; i <= 40; i++) {
      writes.push(
        Promise.resolve(one.store.upsert(flag('shared', i))),
        Promise.resolve(two.store.upsert(flag(`f${i}`, 1))),
      );
      writes.push(Promise.resolve(two.store.upsert(flag('shared', 41 - i))));
    }
    await Promise.all(writes);
    assert.equal((await stored('flags', 'shared')).version, 40);
    assert.equal(await redis.client.hlen('p:features'), 41);
  });

  test('a put of thousands of items with odd keys comes back whole', async () => {
    await using t = open(0);
    const keys = [
      '__proto__',
      'constructor',
      '$deleted',
      'ключ',
      'a b',
      ...Array.from({ length: 3000 }, (_, i) => `k${i}`),
    ];
    const text = `{"flags":{${keys.map((key) => `${JSON.stringify(key)}:{"key":${JSON.stringify(key)},"version":1}`)}},"segments":{}}`;
    const data = parseDataSet(text);
    await t.store.init(data);
    await redis.client.hset('p:features', 'one-more', flag('one-more', 1).json);
    const read = await t.store.read();
    assert.deepEqual([...(read?.data.flags.keys() ?? [])].sort(), [...keys, 'one-more'].sort());
    assert.equal(read?.data.flags.get('k7'), data.flags.get('k7'), 'an unchanged item is not parsed again');
  });

  test('an unreadable item of somebody else is left out, logged once, and overwritten', async () => {
    await using t = open(0);
    await t.store.init(set(flag('a', 1)));
    await redis.client.hset('p:features', 'bad', '{"key":');
    await redis.client.hset('p:segments', 'bad', '{"key":"bad","version":1e400}');
    const before = { ...refusedItems() };
    assert.deepEqual(await versions(t.store), { a: 1 });
    await t.store.read();
    assert.deepEqual(refusedItems(), { flags: before.flags + 1, segments: before.segments + 1 });
    assert.equal((await t.store.upsert(flag('bad', 1))).applied, true);
    assert.deepEqual(await versions(t.store), { a: 1, bad: 1 });
  });
});

describe('cache (contract 6.4)', { timeout: 60_000 }, () => {
  test('an empty Redis reads as never filled', async () => {
    for (const ttl of [30_000, 0, -1]) {
      await using t = open(ttl);
      assert.equal(await t.store.read(), undefined);
    }
  });

  test('a full Redis is served at once', async () => {
    await redis.client.hset('p:features', 'a', flag('a', 3).json);
    await redis.client.set('p:$inited', '');
    for (const ttl of [30_000, 0, -1]) {
      await using t = open(ttl);
      assert.deepEqual(await versions(t.store), { a: 3 });
    }
  });

  test('TTL 0 sees each change of others, a long TTL and an infinite one do not', async () => {
    for (const [ttl, expected] of [
      [0, 9],
      [3_600_000, 1],
      [-1, 1],
    ] as const) {
      await using t = open(ttl);
      await t.store.init(set(flag('a', 1)));
      await redis.client.hset('p:features', 'a', flag('a', 9).json);
      assert.deepEqual(await versions(t.store), { a: expected }, `TTL ${ttl}`);
    }
  });

  test('a finite TTL ends', async () => {
    await using t = open(30);
    await t.store.init(set(flag('a', 1)));
    await redis.client.hset('p:features', 'a', flag('a', 9).json);
    await eventually(async () => assert.deepEqual(await versions(t.store), { a: 9 }));
  });

  test('readers at the same time share one question', async () => {
    const { hook, held, released } = heldReply();
    await using t = open(0, { hook });
    await t.store.init(set(flag('a', 1)));
    const reads = [t.store.read(), t.store.read()];
    await held;
    assert.equal(reads[0], reads[1], 'the very same promise');
    released();
    const [one, two] = await Promise.all(reads);
    assert.equal(one, two);
  });

  test('a read that began before a write does not undo it', async () => {
    const { hook, held, released } = heldReply();
    await using t = open(0, { hook });
    await t.store.init(set(flag('a', 1)));
    const read = t.store.read();
    await held;
    await t.store.init(set(flag('a', 2)));
    released();
    assert.equal((await read)?.data.flags.get('a')?.version, 2);
    assert.deepEqual(await versions(t.store), { a: 2 });
  });
});

describe('outage (contract 6.5)', { timeout: 120_000 }, () => {
  test('Redis is killed: INTERRUPTED, reads and writes fail, and the source has to deliver again', async () => {
    await using own = await startRedis();
    await using t = open(0, { url: own.url });
    await t.store.init(set(flag('a', 1)));
    assert.equal(t.store.status().state, 'VALID');
    await own.kill();
    await eventually(() => assert.equal(t.store.status().state, 'INTERRUPTED'));
    await assert.rejects(async () => t.store.read(), StoreError);
    await assert.rejects(async () => t.store.upsert(flag('a', 2)), /ECONN|was lost/);
    await own.restart();
    await eventually(() => assert.equal(t.store.status().state, 'VALID'));
    assert.equal(t.recovered(), 1);
    assert.equal(await own.client.exists('p:$inited'), 1, 'filled again from memory');
    assert.deepEqual(await versions(t.store), { a: 2 }, 'with what it missed');
    assert.deepEqual(t.statuses, ['VALID', 'INTERRUPTED', 'VALID']);
  });

  test('within a finite TTL memory answers; an infinite TTL keeps updates and writes them back', async () => {
    await using own = await startRedis();
    await using finite = open(3_600_000, { url: own.url, prefix: 'finite' });
    await using infinite = open(-1, { url: own.url, prefix: 'infinite' });
    for (const { store } of [finite, infinite]) await store.init(set(flag('a', 1)));
    await own.kill();
    for (const { store } of [finite, infinite]) {
      await eventually(() => assert.equal(store.status().state, 'INTERRUPTED'));
      assert.deepEqual(await versions(store), { a: 1 });
    }
    await assert.rejects(async () => finite.store.upsert(flag('a', 2)), StoreError);
    assert.equal((await infinite.store.upsert(flag('a', 2))).applied, true);
    assert.equal((await infinite.store.upsert(flag('a', 2))).applied, false);
    assert.equal((await infinite.store.init(set(flag('a', 2), flag('b', 1)))).data.flags.size, 2);
    await own.restart();
    await eventually(() => assert.equal(infinite.store.status().state, 'VALID'));
    await eventually(() => assert.equal(finite.recovered(), 1));
    assert.deepEqual(Object.keys(await own.client.hgetall('infinite:features')).sort(), ['a', 'b']);
    assert.equal(infinite.recovered(), 0);
  });

  test('Redis is down at the start: an infinite TTL serves from memory all the same', async () => {
    await using own = await startRedis();
    await own.kill();
    await using t = open(-1, { url: own.url });
    assert.deepEqual([...(await t.store.init(set(flag('a', 1)))).data.flags.keys()], ['a']);
    assert.deepEqual(await versions(t.store), { a: 1 });
    await own.restart();
    await eventually(async () => assert.equal(await own.client.exists('p:$inited'), 1));
  });

  test('Redis that is emptied without an outage is filled again', async () => {
    for (const ttl of [3_600_000, 0, -1]) {
      await using t = open(ttl);
      await t.store.init(set(flag('a', 1), segment('s', 1)));
      await t.store.upsert(flag('b', 2));
      await redis.client.flushall();
      assert.deepEqual(await versions(t.store), { a: 1, b: 2, s: 1 }, 'readers notice nothing');
      await eventually(async () => assert.equal(await redis.client.exists('p:$inited'), 1));
      assert.deepEqual(Object.keys(await redis.client.hgetall('p:features')).sort(), ['a', 'b']);
      assert.equal(t.store.status().state, 'VALID');
    }
  });

  test('of several relays one fills it again and the others leave that alone', async () => {
    await using one = open(-1);
    await using two = open(-1, { timing: { checkMs: 3_600_000, retryMs: 20, patienceMs: 100 } });
    await one.store.init(set(flag('a', 1)));
    await two.store.init(set(flag('a', 1)));
    await redis.client.flushall();
    await eventually(async () => assert.equal(await redis.client.exists('p:$inited'), 1));
    await one.store.upsert(flag('a', 2));
    assert.equal((await two.store.upsert(flag('a', 1))).data.data.flags.get('a')?.version, 2);
  });

  test('a server that does not answer counts as down, and calls fail at once afterwards', async () => {
    await using own = await startRedis();
    await using t = open(0, { url: own.url });
    await t.store.init(set(flag('a', 1)));
    own.freeze();
    await assert.rejects(async () => t.store.read(), /time(d )?out/i);
    assert.equal(t.store.status().state, 'INTERRUPTED');
    await assert.rejects(async () => t.store.read(), StoreError);
    own.thaw();
    await eventually(() => assert.equal(t.store.status().state, 'VALID'));
    assert.deepEqual(await versions(t.store), { a: 1 });
  });
});
