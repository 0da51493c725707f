import { randomUUID } from 'node:crypto';
import {
  type Compile,
  type Compiled,
  type DataSet,
  EMPTY_DATA_SET,
  ITEM_KINDS,
  type Item,
  withItem,
} from '../../data/data.ts';
import type { Store, StoreEvents, StoreStatus, UpsertResult } from '../../environment/store.ts';
import { StoreError } from '../../errors.ts';
import { jobAfterThen } from '../../jobs/jobs.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { ItemCodec } from '../codec.ts';
import type { RedisConnection } from './connection.ts';
import type { Follower } from './follower.ts';
import { redisKeys } from './keys.ts';
import { createPersistence } from './persistence.ts';
import type { RedisConfig } from './settings.ts';
import { type TimeOperation, timedPersistence } from './timed.ts';

/** What a Redis store needs. */
export interface RedisStoreDeps<C extends Compiled> {
  readonly connection: RedisConnection;
  readonly codec: ItemCodec;
  readonly compile: Compile<C>;
  readonly events: StoreEvents;
  readonly logger: Logger;
  /** Absent: calls of Redis are not timed. */
  readonly timed?: TimeOperation;
  /** Absent: what others write is seen only when the TTL says so. */
  readonly follower?: Follower;
  readonly timing?: Partial<RedisStoreTiming>;
}

/** All in ms. */
export interface RedisStoreTiming {
  /** How often a healthy store is asked whether it was emptied. */
  readonly checkMs: number;
  /** How often an interrupted one is asked whether it is back (contract 6.5). */
  readonly retryMs: number;
  /**
   * How long an emptied Redis is left to those who have a link to upstream by one that has none: longer than `checkMs`,
   * within which each of them notices.
   */
  readonly patienceMs: number;
}

const TIMING: RedisStoreTiming = { checkMs: 5_000, retryMs: 500, patienceMs: 6_000 };
/** While Redis is empty it is asked no more often than this, in ms, whatever the TTL. */
const EMPTY_LOOK_MS = 500;

/**
 * One environment in Redis, in ld-relay's layout (contract 6), with the last data in memory:
 *
 * - `cacheTtlMs` > 0: reads come from memory until the time is over; 0: every read asks Redis; < 0: Redis is read once.
 * - A failed call makes the store INTERRUPTED. From then on every call that needs Redis fails at once, and Redis is asked
 *   every 500 ms whether it is back. Then the source has to deliver everything again (`recovered`); with an infinite TTL
 *   updates were kept in memory and are written back instead.
 * - When `$inited` disappears (Redis was emptied or restarted without its data) Redis is filled again from memory, item by
 *   item and never over anything newer. Who has a link to upstream does it at once; who has none leaves it to the others for
 *   `patienceMs`, and meanwhile follows what they write. A refill leaves a mark in `$inited`, by which the others see that it
 *   was not one of theirs: they bring in what they know newer.
 *
 * @param prefix of the keys; the dialect's own when absent
 */
export function createRedisStore<C extends Compiled>(
  config: RedisConfig,
  prefix: string | undefined,
  deps: RedisStoreDeps<C>,
): Store<C> {
  const { connection, codec, compile, events, logger } = deps;
  const ttlMs = config.cacheTtlMs;
  const timing = { ...TIMING, ...deps.timing };
  const keys = redisKeys(prefix, codec);
  const plain = createPersistence(connection, { keys, codec, logger });
  const persistence = deps.timed === undefined ? plain : timedPersistence(plain, deps.timed);

  /** The last data that were read or written. */
  let known: C | undefined;
  /** Until when `known` answers reads, on the monotonic clock. */
  let freshUntil = Number.NEGATIVE_INFINITY;
  /** Redis has been seen filled: from then on an absent `$inited` is a loss. */
  let filled = false;
  /**
   * What Redis has missed while it was interrupted: everything that this relay knows newest. With an infinite TTL it is what
   * is served, too. `whole`: a whole list of upstream is part of it.
   */
  let missed: { readonly data: DataSet; readonly whole: boolean } | undefined;
  /** The link to upstream works: what is known here is as new as can be. */
  let linked = true;
  let unfollow: (() => void) | undefined;
  /** What `$inited` held when this relay last wrote or looked. */
  let lastMark: string | undefined;
  /** Since when Redis has been seen empty, on the monotonic clock. */
  let emptySince: number | undefined;
  let state: StoreStatus['state'] = 'INITIALIZING';
  let stateSince = 0;
  let lastError = new StoreError('Redis has not answered yet');
  let loading: Promise<C | undefined> | undefined;
  /** Counts successful writes, so that a read that began before one does not undo it. */
  let writes = 0;
  let line: Promise<unknown> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const status = (): StoreStatus => ({
    state,
    stateSince,
    database: 'redis',
    dbServer: connection.shownUrl,
    dbPrefix: keys.prefix,
  });

  const setState = (next: StoreStatus['state']): void => {
    if (state === next) return;
    state = next;
    stateSince = Date.now();
    events.status(status());
  };

  const failed = (error: unknown): StoreError => {
    const problem = error instanceof StoreError ? error : new StoreError(String(error), { cause: error });
    lastError = problem;
    if (state !== 'INTERRUPTED' && !closed) {
      logger.warn('Redis is interrupted', { prefix: keys.prefix, error: problem.message });
      setState('INTERRUPTED');
      arm(timing.retryMs);
    }
    return problem;
  };

  /** Writes and checks happen one after the other. */
  const inLine = <T>(work: () => Promise<T>): Promise<T> => {
    const result = line.then(work);
    line = result.catch(() => undefined);
    return result;
  };

  const keep = (data: DataSet): C => {
    known = data === known?.data ? known : compile(data, known);
    return known;
  };
  const refresh = (): void => {
    freshUntil = ttlMs < 0 ? Number.POSITIVE_INFINITY : performance.now() + ttlMs;
  };

  const load = async (): Promise<C | undefined> => {
    const before = writes;
    let data: DataSet | undefined;
    try {
      data = await persistence.load(known?.data);
    } catch (error) {
      throw failed(error);
    }
    if (writes !== before) return known;
    if (data === undefined) {
      if (known === undefined || !filled) return undefined;
      // Emptied since the last look: what was served a moment ago is still right, and goes back.
      freshUntil = performance.now() + EMPTY_LOOK_MS;
      void inLine(check);
      return known;
    }
    filled = true;
    refresh();
    keep(data);
    followNeighbours();
    return known;
  };

  const loadOnce = (): Promise<C | undefined> => {
    if (state === 'INTERRUPTED') return Promise.reject(lastError);
    loading ??= load().finally(() => {
      loading = undefined;
    });
    return loading;
  };

  const written = (): void => {
    writes += 1;
    filled = true;
    loading = undefined;
    if (state === 'INITIALIZING') setState('VALID');
  };

  const init = async (data: DataSet): Promise<C> => {
    if (state !== 'INTERRUPTED') {
      try {
        await persistence.replace(data);
        written();
        refresh();
        lastMark = '';
        missed = undefined;
        emptySince = undefined;
        return keep(data);
      } catch (error) {
        failed(error);
      }
    }
    missed = { data, whole: true };
    if (ttlMs >= 0) throw lastError;
    refresh();
    return keep(data);
  };

  const upsert = async (item: Item): Promise<UpsertResult<C>> => {
    let counts: Item | undefined;
    if (state !== 'INTERRUPTED') {
      try {
        counts = await persistence.upsert(item);
        writes += 1;
        loading = undefined;
        if (known === undefined) await load();
      } catch (error) {
        failed(error);
      }
    }
    if (counts === undefined) {
      const latest = missed?.data ?? known?.data ?? EMPTY_DATA_SET;
      missed = { data: withItem(latest, item) ?? latest, whole: missed?.whole ?? false };
      if (ttlMs >= 0) throw lastError;
    }
    const base = known?.data ?? EMPTY_DATA_SET;
    const next = withItem(base, counts ?? item);
    const applied = counts === undefined ? next !== undefined : counts === item;
    return { data: keep(next ?? base), applied };
  };

  const recover = async (mark: string | undefined): Promise<void> => {
    if (mark === undefined) await emptied();
    else await filledBy(mark);
    // Others may have written meanwhile.
    if (ttlMs >= 0) freshUntil = Number.NEGATIVE_INFINITY;
    logger.info('Redis is back', { prefix: keys.prefix });
    setState('VALID');
    if (ttlMs >= 0) events.recovered();
  };

  /** Brings what is known here into Redis, and takes over what is newer there. Returns how many items were brought in. */
  const merge = async (): Promise<number> => {
    const data = missed?.data ?? known?.data;
    if (data === undefined) return 0;
    const exact = linked && missed?.whole === true;
    const result = await persistence.merge(data, { mark: `flagrelay ${randomUUID()}`, exact });
    missed = undefined;
    emptySince = undefined;
    lastMark = result.mark;
    written();
    refresh();
    keep(result.data);
    return result.written;
  };

  /** Redis holds nothing: it is filled again, by who knows best. */
  const emptied = async (): Promise<void> => {
    lastMark = undefined;
    // What Redis never had is no loss, but what it has missed belongs there.
    if (missed === undefined && (known === undefined || !filled)) return;
    emptySince ??= performance.now();
    if (!linked && performance.now() - emptySince < timing.patienceMs) return;
    const items = await merge();
    logger.warn('Redis was emptied and has been filled again from memory', { prefix: keys.prefix, items, linked });
  };

  /** Redis is full. Where it was filled again by another's memory, or missed something of ours, what is newer here goes in. */
  const filledBy = async (mark: string): Promise<void> => {
    emptySince = undefined;
    const foreign = mark !== '' && lastMark !== undefined && mark !== lastMark;
    const wasEmpty = mark !== '' && lastMark === undefined && filled;
    lastMark = mark;
    if (missed === undefined && !foreign && !wasEmpty) return;
    const items = await merge();
    if (items > 0) logger.warn('Redis held older data than this relay', { prefix: keys.prefix, items });
  };

  const check = async (): Promise<void> => {
    try {
      const mark = await persistence.mark();
      if (closed) return;
      if (state === 'INTERRUPTED') await recover(mark);
      else if (mark === undefined) await emptied();
      else await filledBy(mark);
      filled ||= mark !== undefined;
      setState('VALID');
    } catch (error) {
      failed(error);
    }
  };

  /** Somebody wrote into the shared Redis. */
  const followed = async (): Promise<void> => {
    // Trouble is the state, and the next look's business.
    if (state !== 'INTERRUPTED' && !closed) await load().catch(() => undefined);
  };

  /** Who has no link follows what others write, once there is something to serve. */
  const followNeighbours = (): void => {
    if (linked || closed || known === undefined) return;
    unfollow ??= deps.follower?.follow([keys.inited, ...ITEM_KINDS.map(keys.hash)], followed);
  };

  const arm = (delayMs: number): void => {
    clearTimeout(timer);
    if (closed) return;
    // Less up to a tenth at random, so that hundreds of environments do not ask at once.
    timer = jobAfterThen('redis-check', delayMs * (1 - Math.random() / 10), () => inLine(check), next);
  };
  const next = (): void => {
    const waiting = emptySince !== undefined && state !== 'INTERRUPTED';
    arm(state === 'INTERRUPTED' || waiting ? timing.retryMs : timing.checkMs);
  };

  arm(0);
  return {
    init: (data) => inLine(() => init(data)),
    upsert: (item) => inLine(() => upsert(item)),
    read: () => (known !== undefined && performance.now() < freshUntil ? known : loadOnce()),
    linked: (healthy) => {
      if (linked === healthy || closed) return;
      linked = healthy;
      if (healthy) {
        unfollow?.();
        unfollow = undefined;
        if (emptySince !== undefined) arm(0);
      } else {
        followNeighbours();
      }
    },
    status,
    close: async () => {
      closed = true;
      unfollow?.();
      clearTimeout(timer);
      await line;
    },
  };
}
