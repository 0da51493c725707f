import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Item } from '../../data/data.ts';
import { itemCodec } from '../../dialects/launchdarkly/model/codec.ts';
import { parseItem } from '../../dialects/launchdarkly/model/parse.ts';
import { recordingLogger } from '../../testing/logger.ts';
import { startRedis } from '../../testing/redis.ts';
import { createRedisConnection } from './connection.ts';
import { redisKeys } from './keys.ts';
import { createPersistence } from './persistence.ts';

const flag = (key: string, version: number): Item => parseItem('flags', JSON.stringify({ key, version }), key);

test('atomicUpsert: a script writes what is newer, and nothing else; broken texts are overwritten', {
  timeout: 60_000,
}, async () => {
  await using redis = await startRedis();
  const connection = createRedisConnection(
    { url: redis.url, mode: 'single', cacheTtlMs: 0 },
    { logger: recordingLogger() },
  );
  await using _ = { [Symbol.asyncDispose]: () => connection.close() };
  const deps = { keys: redisKeys('p', itemCodec), codec: itemCodec, logger: recordingLogger(), atomicUpsert: true };
  const persistence = createPersistence(connection, deps);
  const stored = async () => JSON.parse((await redis.client.hget('p:features', 'a')) ?? 'null').version;
  const watched = async () => /cmdstat_watch/.test(await redis.client.info('commandstats'));
  const versions = [3, 2, 5, 5, 4].map(async (version) => (await persistence.upsert(flag('a', version))).version);
  assert.equal(Math.max(...(await Promise.all(versions))), 5);
  assert.equal(await stored(), 5);
  assert.equal((await persistence.upsert(flag('a', 4))).version, 5);
  assert.equal(await watched(), false);
  await redis.client.hset('p:features', 'a', 'no JSON');
  await persistence.upsert(flag('a', 1));
  assert.equal(await stored(), 1);
  await redis.client.hset('p:features', 'a', '{"version": 9, "key": 7}');
  await persistence.upsert(flag('a', 2));
  assert.equal(await stored(), 2, 'what nobody can read does not stay for its version');
});

test('connectTimeout and readTimeout are those of commands', { timeout: 60_000 }, async () => {
  await using redis = await startRedis();
  const config = { url: redis.url, mode: 'single', cacheTtlMs: 0, readTimeoutMs: 50, connectTimeoutMs: 100 } as const;
  const connection = createRedisConnection(config, { logger: recordingLogger() });
  await using _ = { [Symbol.asyncDispose]: () => connection.close() };
  assert.equal(await connection.run((client) => client.get('k')), null);
  redis.freeze();
  await assert.rejects(
    connection.run((client) => client.get('k')),
    /timed out|did not answer|lost|timeout/i,
  );
  redis.thaw();
});
