import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type RelayDocument, relayDocument } from '../config/document.ts';
import { launchDarkly } from '../dialects/launchdarkly/dialect.ts';
import { StartupError } from '../errors.ts';
import { startRedis } from '../testing/redis.ts';
import { KEYS, SILENT, sampleData } from '../testing/relay.ts';
import { startUpstream } from '../testing/upstream.ts';
import { runOnce } from './one-shot.ts';

const OTHER = 'sdk-22222222-0000-4000-8000-000000000002';

/** A configuration with two environments in one Redis. What is waited for in vain takes `initTimeoutMs`. */
function config(upstream: string, redis: string, initTimeoutMs = 30_000, document: RelayDocument = {}) {
  return relayDocument.parse({
    oneShot: true,
    environments: [
      { name: 'one', sdkKey: KEYS.sdk, prefix: 'p1' },
      { name: 'two', sdkKey: OTHER, prefix: 'p2' },
    ],
    upstream: { streamUri: upstream, initTimeoutMs },
    store: { redis: { url: redis } },
    ...document,
  });
}

describe('exitAlways: fill the database and end (contract 9.1)', { timeout: 60_000 }, () => {
  test('every environment is in Redis when it is done', async () => {
    await using redis = await startRedis();
    const upstream = await startUpstream();
    try {
      for (const key of [KEYS.sdk, OTHER]) upstream.add(key, sampleData());
      await runOnce(config(upstream.url, redis.url), { dialect: launchDarkly, logger: SILENT, env: {} });
      for (const prefix of ['p1', 'p2']) {
        assert.equal(await redis.client.exists(`${prefix}:$inited`), 1);
        assert.deepEqual((await redis.client.hkeys(`${prefix}:features`)).sort(), ['one', 'two']);
        assert.deepEqual(await redis.client.hkeys(`${prefix}:segments`), ['seg']);
      }
      assert.equal(upstream.connected(KEYS.sdk), 0, 'no stream stays open');
    } finally {
      await upstream.close();
    }
  });

  test('an environment that is refused or gets no data fails the run and is named; the others are filled', async () => {
    await using redis = await startRedis();
    const upstream = await startUpstream();
    try {
      upstream.add(KEYS.sdk, sampleData());
      for (const [mode, initTimeoutMs] of [
        [401, 30_000],
        ['silent', 5_000],
      ] as const) {
        await redis.client.flushall();
        upstream.add(OTHER, sampleData(), mode);
        await assert.rejects(
          runOnce(config(upstream.url, redis.url, initTimeoutMs), { dialect: launchDarkly, logger: SILENT, env: {} }),
          (error: Error) => {
            assert.ok(error instanceof StartupError);
            assert.equal(error.message, 'no data for two');
            return true;
          },
        );
        assert.equal(await redis.client.exists('p1:$inited'), 1);
        assert.equal(await redis.client.exists('p2:$inited'), 0);
      }
    } finally {
      await upstream.close();
    }
  });

  test('a Redis that is not there fails the run, also with an endless cache', async () => {
    const upstream = await startUpstream();
    try {
      for (const key of [KEYS.sdk, OTHER]) upstream.add(key, sampleData());
      const document = { store: { redis: { url: 'redis://127.0.0.1:9', cacheTtlMs: -1 } } };
      await assert.rejects(
        runOnce(config(upstream.url, '', 300, document), { dialect: launchDarkly, logger: SILENT, env: {} }),
        /no data for one, two/,
      );
    } finally {
      await upstream.close();
    }
  });
});
