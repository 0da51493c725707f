import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { startEventSink } from '../../src/testing/event-sink.ts';
import { eventually } from '../../src/testing/eventually.ts';
import { startRedis } from '../../src/testing/redis.ts';
import { KEYS, simpleFlag } from '../../src/testing/relay.ts';
import { startUpstream } from '../../src/testing/upstream.ts';
import { startBalancer } from './balancer.ts';
import { watchFlags } from './clients.ts';
import { type Program, relayProcess } from './relays.ts';

/** Path of a reference relay; with it, pairs of both kinds run, too. */
const REFERENCE = process.env.LD_RELAY;
const FLAGS = ['f0', 'f1', 'f2', 'f3', 'f4', 'f5'];
const SDKS = 6;
const ROUNDS = 2;
const CHANGES = 30;

/** A flag whose value is its version. */
const flagOf = (key: string, version: number) => simpleFlag(key, version, { variations: [version], offVariation: 0 });

interface Fleet {
  readonly pair: readonly [Program, Program];
  readonly cacheTtl: string;
  readonly signals: readonly ('SIGTERM' | 'SIGKILL')[];
  /** Which of the two are ended, in turn. */
  readonly ended: readonly (0 | 1)[];
  /** Whether every event that an SDK handed over must come. */
  readonly keepsEvents?: boolean;
}

/** Runs a pair of relays behind one address through random changes and ends, and reports what the SDKs saw. */
async function runFleet({ pair, cacheTtl, signals, ended, keepsEvents = false }: Fleet) {
  await using stack = new AsyncDisposableStack();
  const redis = stack.use(await startRedis());
  const sink = stack.use(await startEventSink());
  const upstream = await startUpstream();
  stack.defer(() => upstream.close());
  const versions = new Map(FLAGS.map((key) => [key, 1]));
  upstream.add(KEYS.sdk, { flags: Object.fromEntries(FLAGS.map((key) => [key, flagOf(key, 1)])), segments: {} });
  const env = {
    LD_ENV_test: KEYS.sdk,
    LD_PREFIX_test: 'fleet',
    STREAM_URI: upstream.url,
    BASE_URI: upstream.url,
    EVENTS_HOST: sink.url,
    USE_EVENTS: 'true',
    EVENTS_FLUSH_INTERVAL: '100ms',
    USE_REDIS: 'true',
    REDIS_URL: redis.url,
    CACHE_TTL: cacheTtl,
    IGNORE_CONNECTION_ERRORS: 'true',
    DRAIN_TIMEOUT: '1s',
  };
  const relays = [stack.use(await relayProcess(pair[0], env)), stack.use(await relayProcess(pair[1], env))] as const;
  await Promise.all(relays.map((relay) => relay.start()));
  const balancer = stack.use(await startBalancer());
  for (const { port } of relays) balancer.ready.add(port);
  const sdks = stack.use(await watchFlags(balancer.url, FLAGS, SDKS));

  let changes = 0;
  const change = async (): Promise<void> => {
    for (let n = 0; n < CHANGES; n++) {
      const key = FLAGS[Math.floor(Math.random() * FLAGS.length)] ?? 'f0';
      const version = (versions.get(key) ?? 0) + 1 + Math.floor(Math.random() * 3);
      versions.set(key, version);
      upstream.patchFlag(KEYS.sdk, flagOf(key, version));
      changes += 1;
      if (n % 5 === 0) await sdks.look();
      // The pace of the load, and not a wait for anything.
      await pause(Math.random() * 20);
    }
  };
  for (let round = 0; round < ROUNDS; round++) {
    const relay = relays[ended[round % ended.length] ?? 0];
    await Promise.all([change(), relay.end(signals[round % signals.length] ?? 'SIGTERM')]);
    balancer.ready.delete(relay.port);
    await Promise.all([change(), relay.start()]);
    balancer.ready.add(relay.port);
  }
  const expected = FLAGS.map((key) => versions.get(key));
  await eventually(async () => {
    for (const seen of await sdks.values()) assert.deepEqual(seen, expected);
  }, 30_000);
  await sdks.flush();
  const missing = () => sdks.tracked.filter((id) => !sink.posts.some(({ text }) => text.includes(`"id":"${id}"`)));
  // The relays are gone when this returns, and with them what they have taken and not sent yet.
  if (keepsEvents) await eventually(() => assert.deepEqual(missing(), []));
  return { sdks, changes, missing };
}

async function report(t: TestContext, { sdks, changes, missing }: Awaited<ReturnType<typeof runFleet>>) {
  const longest = Math.max(0, ...sdks.stepsBack.map(({ ms }) => ms ?? Number.POSITIVE_INFINITY));
  t.diagnostic(
    `${changes} changes, ${sdks.evaluations} evaluations: ${sdks.stepsBack.length} steps back, the longest ${Math.round(longest)} ms; ` +
      `${sdks.givenUp.length} gave up; ${missing().length} of ${sdks.tracked.length} events missing`,
  );
  assert.deepEqual(
    sdks.stepsBack.filter(({ ms }) => ms === undefined),
    [],
    'nobody is left with an older version',
  );
  assert.deepEqual(sdks.givenUp, []);
}

describe('two relays behind one address on one Redis, ended in turn while flags change', { timeout: 600_000 }, () => {
  for (const cacheTtl of ['0s', '30s', '-1s']) {
    test(`TTL ${cacheTtl}, SIGTERM: no SDK is left behind or gives up, and no event is lost`, async (t) => {
      const pair = ['ours', 'ours'] as const;
      await report(t, await runFleet({ pair, cacheTtl, signals: ['SIGTERM'], ended: [0, 1], keepsEvents: true }));
    });
  }

  test('SIGKILL: no SDK is left behind or gives up', async (t) => {
    await report(t, await runFleet({ pair: ['ours', 'ours'], cacheTtl: '1s', signals: ['SIGKILL'], ended: [0, 1] }));
  });

  for (const cacheTtl of ['0s', '1s', '30s', '-1s']) {
    const skip = REFERENCE === undefined && 'LD_RELAY is not set: no reference relay';
    const pair = [{ path: REFERENCE ?? '' }, 'ours'] as const;
    test(`TTL ${cacheTtl}, beside the reference, both ended in turn: no SDK is left behind or gives up`, {
      skip,
    }, async (t) => {
      await report(t, await runFleet({ pair, cacheTtl, signals: ['SIGTERM', 'SIGKILL'], ended: [0, 1, 1, 0] }));
    });

    test(`TTL ${cacheTtl}, beside the reference, SIGTERM of ours: no event is lost`, { skip }, async (t) => {
      await report(t, await runFleet({ pair, cacheTtl, signals: ['SIGTERM'], ended: [1], keepsEvents: true }));
    });
  }
});
