import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { init } from '@launchdarkly/node-server-sdk';
import { RedisBigSegmentStore, RedisFeatureStore } from '@launchdarkly/node-server-sdk-redis';
import { relayDocument } from '../../src/config/document.ts';
import { launchDarkly } from '../../src/dialects/launchdarkly/dialect.ts';
import { startRelay } from '../../src/modes/proxy.ts';
import { eventually } from '../../src/testing/eventually.ts';
import { startRedis } from '../../src/testing/redis.ts';
import { KEYS, SILENT, simpleFlag } from '../../src/testing/relay.ts';
import { startDaemonUpstream } from './daemon-upstream.ts';

const PREFIX = 'daemon';
const hashed = (key: string): string => createHash('sha256').update(key).digest('base64');

test('a server SDK in daemon mode reads the Redis that the relay fills, big segments included (contract 6)', {
  timeout: 180_000,
}, async () => {
  await using closers = new AsyncDisposableStack();
  const redis = closers.use(await startRedis());
  const clause = { attribute: '', op: 'segmentMatch', values: ['big'], negate: false };
  const data = {
    flags: {
      one: simpleFlag('one'),
      targeted: simpleFlag('targeted', 1, { rules: [{ id: 'rule', variation: 1, clauses: [clause] }] }),
    },
    segments: {
      big: { key: 'big', version: 1, unbounded: true, generation: 1, included: [], excluded: [], rules: [], salt: 's' },
    },
  };
  const patch = {
    version: 'v1',
    previousVersion: '',
    segmentId: 'big.g1',
    changes: { included: { add: [hashed('alice')], remove: [] }, excluded: { add: [], remove: [] } },
  };
  const upstream = closers.use(await startDaemonUpstream(data, [patch]));
  const config = relayDocument.parse({
    environments: [{ name: 'test', sdkKey: KEYS.sdk, prefix: PREFIX }],
    server: { port: 0, drainMs: 0 },
    ops: { port: 0 },
    upstream: { streamUri: upstream.url, baseUri: upstream.url, onInitTimeout: 'continue' },
    store: { redis: { url: redis.url } },
  });
  const relay = await startRelay(config, {
    dialect: launchDarkly,
    logger: SILENT,
    env: {},
    fatal: (error) => assert.fail(error),
  });
  closers.defer(() => relay.close());
  await eventually(async () => {
    assert.equal(await redis.client.exists(`${PREFIX}:$inited`), 1);
    assert.equal(await redis.client.exists(`${PREFIX}:big_segments_synchronized_on`), 1);
  }, 60_000);

  const options = { prefix: PREFIX, redisOpts: { host: '127.0.0.1', port: redis.port } };
  const client = init(KEYS.sdk, {
    useLdd: true,
    featureStore: RedisFeatureStore(options),
    bigSegments: { store: RedisBigSegmentStore(options) },
    sendEvents: false,
    logger: SILENT,
  });
  closers.defer(() => client.close());
  await client.waitForInitialization({ timeout: 30 });
  const detail = (flag: string, key: string) => client.variationDetail(flag, { kind: 'user', key }, 'default');
  assert.equal((await detail('one', 'alice')).value, 'a');
  const alice = await detail('targeted', 'alice');
  assert.equal(alice.value, 'b');
  assert.equal(alice.reason.kind, 'RULE_MATCH');
  assert.equal(alice.reason.bigSegmentsStatus, 'HEALTHY');
  assert.equal((await detail('targeted', 'bob')).value, 'a');
  assert.equal((await detail('nosuch', 'alice')).value, 'default');
});
