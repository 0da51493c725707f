import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EventSink, startEventSink } from '../../../src/testing/event-sink.ts';
import { startRedis, type TestRedis } from '../../../src/testing/redis.ts';
import { sampleData } from '../../../src/testing/relay.ts';
import { startUpstream, type Upstream } from '../../../src/testing/upstream.ts';
import { createRandom } from '../../fuzz/random.ts';
import { goodArchive } from './archives.ts';
import { ATTACKS, type Behind, STREAMED } from './attacks.ts';
import { LIMITS } from './limits.ts';
import type { Reach } from './shapes.ts';
import { startVictim, type Victim } from './victim.ts';

/** How a session goes. */
export interface SessionOptions {
  readonly seed: number;
  /** Ends after so many rounds, … */
  readonly rounds?: number;
  /** … or after so many ms. */
  readonly ms?: number;
  readonly reach: Reach;
  /** Where the victim's data are, which is poisoned, too. */
  readonly behind: Behind;
  /** Called after each round. */
  readonly report?: (state: Session) => void;
}

/** What a session found. */
export interface Session {
  readonly rounds: number;
  /** Longest time in ms that `/livez` took. */
  readonly livezMs: number;
  /** Longest time in ms that the other tenant waited. */
  readonly neighbourMs: number;
  /** Peak of resident memory in MiB. */
  readonly peak: number;
  /** Rounds that went wrong, with the seed that makes each of them again alone. */
  readonly failures: readonly { readonly seed: number; readonly attacks: readonly string[]; readonly error: string }[];
}

/** Attacks at a time. */
const TOGETHER = 6;
/** A pod with a limit of 512Mi has such a heap. */
const NODE_ARGS = ['--max-old-space-size=384'];

/** The flags of the data sets that push evaluation to its limits, some of each. */
function flagsOf(seed: number): Record<string, object> {
  const random = createRandom(seed);
  const flags = LIMITS.filter(({ segments, flags }) => segments === undefined && flags.length <= 500).flatMap(
    (limit, index) =>
      limit.flags.slice(0, 1 + random.below(20)).map((flag) => ({ ...flag, key: `${index}-${String(flag.key)}` })),
  );
  return Object.fromEntries(
    flags.map((flag) => [
      flag.key,
      { ...flag, clientSideAvailability: { usingEnvironmentId: true, usingMobileKey: true } },
    ]),
  );
}

/**
 * Attacks a relay in rounds, each of several attacks at a time that its seed says, while another tenant is served. A relay that is gone or hangs
 * is a failure, and the next round has a new one. The first round of a session with the seed of a failure is that failure again.
 */
export async function attack(options: SessionOptions): Promise<Session> {
  const started = performance.now();
  const state = { rounds: 0, livezMs: 0, neighbourMs: 0, peak: 0, failures: [] as Session['failures'][number][] };
  await using stack = new AsyncDisposableStack();
  const upstream: Upstream = await startUpstream();
  stack.defer(() => upstream.close());
  upstream.add(STREAMED, sampleData());
  const sink: EventSink = stack.use(await startEventSink());
  const redis: TestRedis | undefined = options.behind === 'redis' ? stack.use(await startRedis()) : undefined;
  const folder = mkdtempSync(join(tmpdir(), 'flagrelay-session-'));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const archive = options.behind === 'archive' ? join(folder, 'archive.tar.gz') : undefined;
  const start = (): Promise<Victim> => {
    if (archive !== undefined) writeFileSync(archive, goodArchive(1));
    return startVictim({
      bare: archive !== undefined,
      nodeArgs: NODE_ARGS,
      flags: flagsOf(options.seed),
      env: {
        EVENTS_HOST: sink.url,
        USE_EVENTS: 'true',
        EVENTS_FLUSH_INTERVAL: '200ms',
        ...(archive === undefined
          ? { STREAM_URI: upstream.url, LD_ENV_streamed: STREAMED }
          : { FILE_DATA_SOURCE: archive, FILE_DATA_SOURCE_MONITORING_INTERVAL: '100ms' }),
        ...(redis === undefined ? {} : { REDIS_URL: redis.url, CACHE_TTL: '100ms', LD_PREFIX_attacked: 'attacked' }),
      },
    });
  };
  let victim = await start();
  stack.defer(() => victim[Symbol.asyncDispose]());
  const isOver = (): boolean =>
    state.rounds >= (options.rounds ?? Number.POSITIVE_INFINITY) ||
    performance.now() - started > (options.ms ?? Number.POSITIVE_INFINITY);
  while (!isOver()) {
    const seed = options.seed + state.rounds;
    const random = createRandom(seed);
    const scene = { victim, upstream, redis, archive, reach: options.reach };
    const chosen = Array.from({ length: TOGETHER }, () => ({
      attack: random.pick(ATTACKS[options.behind]),
      seed: random.below(2 ** 31),
    }));
    const round = async (): Promise<void> => {
      const attacks = chosen.map((one) => one.attack.prepare(scene, createRandom(one.seed)));
      const seen = await victim.survives(() => Promise.all(attacks.map((run) => run())));
      state.livezMs = Math.max(state.livezMs, seen.livezMs);
      state.neighbourMs = Math.max(state.neighbourMs, seen.neighbourMs);
      state.peak = Math.max(state.peak, seen.memory.peak);
    };
    try {
      // A relay that lives but was slow may have shared its machine with something else: only twice in a row is it the attack.
      await round().catch((error: unknown) => {
        if (!victim.running) throw error;
        return round();
      });
    } catch (error) {
      const names = chosen.map((one) => one.attack.name);
      state.failures.push({ seed, attacks: names, error: error instanceof Error ? error.message : String(error) });
      await victim[Symbol.asyncDispose]();
      victim = await start();
    }
    state.rounds += 1;
    // What came is not kept: an hour of events is large.
    (sink.posts as unknown[]).length = 0;
    options.report?.(state);
  }
  return state;
}
