import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ask, openStream } from '../../../testing/client.ts';
import { eventually } from '../../../testing/eventually.ts';
import { startRedis, type TestRedis } from '../../../testing/redis.ts';
import { KEYS, sampleData, simpleFlag, startTestRelay, type TestRelay, untilReady } from '../../../testing/relay.ts';

const ALICE = Buffer.from('{"kind":"user","key":"alice"}').toString('base64url');
/** Of `alice` (contract 13). */
const ALICE_HASH = 'K9gGyX8OAK8aH8Myj6djqSaXI8jbj6xPk69x2xhtbpA=';

/** A flag that serves its second variation to the members of a big segment. */
const clauses = [{ attribute: '', op: 'segmentMatch', values: ['big'] }];
const bigFlag = simpleFlag('big-flag', 1, { rules: [{ id: 'r', variation: 1, clauses }] });
const bigSegment = { key: 'big', version: 1, unbounded: true, generation: 1, included: [], excluded: [], rules: [] };

describe('endpoints over Redis that is asked each time (localTtl 0)', { timeout: 60_000 }, () => {
  let redis: TestRedis;
  let relay: TestRelay;
  before(async () => {
    redis = await startRedis();
    await redis.client.set('p:big_segments_synchronized_on', Date.now());
    await redis.client.sadd(`p:big_segment_include:${ALICE_HASH}`, 'big.g1');
    const { flags, segments } = sampleData();
    relay = await startTestRelay(
      {
        environments: [{ name: 'test', sdkKey: KEYS.sdk, mobileKey: KEYS.mobile, envId: KEYS.env, prefix: 'p' }],
        store: { redis: { url: redis.url, cacheTtlMs: 0 } },
        // Nobody listens: what is in Redis is all that is known about big segments.
        upstream: { baseUri: 'http://127.0.0.1:9' },
      },
      { flags: { ...flags, 'big-flag': bigFlag }, segments: { ...segments, big: bigSegment } },
    );
    await untilReady(relay);
  });
  after(async () => {
    await relay.close();
    await redis[Symbol.asyncDispose]();
  });

  const server = { headers: { Authorization: KEYS.sdk } };
  const evalx = (path = `/sdk/evalx/${KEYS.env}/contexts/${ALICE}?withReasons=true`) => ask(relay.port, path);
  const status = async () => JSON.parse((await ask(relay.port, '/status')).text).environments.test;

  test('polls, evaluations and streams see what is in Redis, also what somebody else wrote', async () => {
    const keys = async () => Object.keys(JSON.parse((await ask(relay.port, '/sdk/flags', server)).text)).sort();
    assert.deepEqual(await keys(), ['big-flag', 'one', 'two']);
    await redis.client.hset('p:features', 'three', JSON.stringify(simpleFlag('three')));
    assert.deepEqual(await keys(), ['big-flag', 'one', 'three', 'two']);
    assert.equal(JSON.parse((await evalx()).text).three.value, 'a');
    assert.equal(JSON.parse((await ask(relay.port, '/sdk/flags/three', server)).text).version, 1);
    const stream = await openStream(relay.port, '/all', server);
    await stream.until(() => stream.events().length === 1);
    assert.match(stream.events()[0]!.data, /"three"/);
    stream.close();
  });

  test('big segments are looked up for the context, and their state is told (12.6, 3)', async () => {
    await eventually(async () => {
      const { value, reason } = JSON.parse((await evalx()).text)['big-flag'];
      assert.equal(value, 'b');
      assert.deepEqual(reason, { kind: 'RULE_MATCH', ruleIndex: 0, ruleId: 'r', bigSegmentsStatus: 'HEALTHY' });
    });
    const bob = Buffer.from('{"kind":"user","key":"bob"}').toString('base64url');
    assert.equal(JSON.parse((await evalx(`/sdk/evalx/${KEYS.env}/contexts/${bob}`)).text)['big-flag'].value, 'a');
    const { bigSegmentStatus, dataStoreStatus } = await status();
    assert.equal(bigSegmentStatus.available, true);
    assert.equal(bigSegmentStatus.potentiallyStale, false);
    assert.ok(bigSegmentStatus.lastSynchronizedOn > 0);
    assert.equal(dataStoreStatus.database, 'redis');
    assert.equal(dataStoreStatus.dbPrefix, 'p');
  });

  test('Redis is gone: 500 for evaluations with text, for polls without, silent streams, degraded store in status (1.4, 1.6, 2.3, 3)', async () => {
    await redis.kill();
    const evaluated = await evalx();
    assert.equal(evaluated.status, 500);
    assert.match(evaluated.text, /^\{"message":"Error fetching flags from feature store: /);
    assert.equal(evaluated.headers['access-control-allow-origin'], '*');
    for (const path of ['/sdk/flags', '/sdk/flags/one', '/sdk/segments/seg', '/sdk/latest-all']) {
      const answer = await ask(relay.port, path, server);
      assert.deepEqual([answer.status, answer.text], [500, ''], path);
    }
    const streams = [
      await openStream(relay.port, '/all', server),
      await openStream(relay.port, '/mping', { headers: { Authorization: KEYS.mobile } }),
    ];
    // A change of upstream reaches them all the same, and nothing came before it.
    await eventually(() => assert.equal(relay.relay.streams(), 2));
    relay.upstream.patchFlag(KEYS.sdk, simpleFlag('one', 2));
    for (const stream of streams) {
      assert.equal(stream.status, 200);
      await stream.until(() => stream.events().length > 0);
    }
    assert.equal(streams[0]!.events()[0]!.event, 'patch');
    for (const stream of streams) stream.close();
    const { dataStoreStatus, status: state } = await status();
    assert.deepEqual([dataStoreStatus.state, state], ['INTERRUPTED', 'connected']);
  });

  test('FDv2 goes on with what was sent last, evaluations of it fail (11.3)', async () => {
    assert.equal((await ask(relay.port, '/sdk/poll', server)).status, 503, 'nothing was sent before the outage');
    const client = { headers: { Authorization: KEYS.mobile } };
    assert.equal((await ask(relay.port, `/sdk/poll/eval/${ALICE}`, client)).status, 500);
    const stream = await openStream(relay.port, `/sdk/stream/eval/${ALICE}`, client);
    assert.equal(stream.status, 200);
    assert.deepEqual(stream.events(), []);
    stream.close();
  });

  test('Redis is back, empty: everything is there again', async () => {
    await redis.restart();
    await eventually(async () => assert.equal((await evalx()).status, 200), 20_000);
    // What the store missed during the outage comes with upstream's next put.
    await eventually(async () => {
      const { text } = await ask(relay.port, '/sdk/flags/one', server);
      assert.equal(JSON.parse(text).version, 2);
    });
    assert.equal((await status()).dataStoreStatus.state, 'VALID');
  });
});
