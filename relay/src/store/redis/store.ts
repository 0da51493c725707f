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
import { createServed } from './served.ts';
import type { RedisConfig } from './settings.ts';
import {
  fillsEmpty,
  INITIAL_STATE,
  isExact,
  lacksSince,
  mergesFilled,
  type RedisEvent,
  stateAfter,
  wasFilled,
} from './state.ts';
import { type TimeOperation, timedPersistence } from './timed.ts';

/** Dependencies of a Redis store. */
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
 * One environment in Redis, in ld-relay's layout (contract 6), with the last data in memory. Its states are those of `state.ts`:
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

  const served = createServed(compile, ttlMs);
  let state = INITIAL_STATE;
  /** ms since the epoch. */
  let stateSince = 0;
  let unfollow: (() => void) | undefined;
  let loading: Promise<C | undefined> | undefined;
  /** Counts successful writes, so that a read that began before one does not undo it. */
  let writes = 0;
  let line: Promise<unknown> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const status = (): StoreStatus => ({
    state: state.health.kind,
    stateSince,
    database: 'redis',
    dbServer: connection.shownUrl,
    dbPrefix: keys.prefix,
  });

  const note = (event: RedisEvent): void => {
    const before = state.health.kind;
    state = stateAfter(state, event);
    if (state.health.kind === before) return;
    stateSince = Date.now();
    events.status(status());
  };
  /** Why a call fails at once; undefined when it may be tried. */
  const interruption = (): StoreError | undefined =>
    state.health.kind === 'INTERRUPTED' ? state.health.error : undefined;

  const failed = (error: unknown): StoreError => {
    const problem = error instanceof StoreError ? error : new StoreError(String(error), { cause: error });
    if (closed) return problem;
    const first = interruption() === undefined;
    if (first) logger.warn('Redis is interrupted', { prefix: keys.prefix, error: problem.message });
    note({ kind: 'failed', error: problem });
    if (first) arm(timing.retryMs);
    return problem;
  };

  /** Writes and checks happen one after the other. */
  const inLine = <T>(work: () => Promise<T>): Promise<T> => {
    const result = line.then(work);
    line = result.catch(() => undefined);
    return result;
  };

  const load = async (): Promise<C | undefined> => {
    const before = writes;
    let data: DataSet | undefined;
    try {
      data = await persistence.load(served.known?.data);
    } catch (error) {
      throw failed(error);
    }
    if (writes !== before) return served.known;
    if (data === undefined) {
      if (served.known === undefined || !wasFilled(state)) return undefined;
      // Emptied since the last look: what was served a moment ago is still right, and goes back.
      served.freshFor(EMPTY_LOOK_MS);
      void inLine(check);
      return served.known;
    }
    note({ kind: 'read' });
    served.refresh();
    served.keep(data);
    followNeighbours();
    return served.known;
  };

  const loadOnce = (): Promise<C | undefined> => {
    const problem = interruption();
    if (problem !== undefined) return Promise.reject(problem);
    loading ??= load().finally(() => {
      loading = undefined;
    });
    return loading;
  };

  /** Redis has changed by this relay: what is being read may be older. */
  const wrote = (): void => {
    writes += 1;
    loading = undefined;
  };

  const init = async (data: DataSet): Promise<C> => {
    let problem = interruption();
    if (problem === undefined) {
      try {
        await persistence.replace(data);
        wrote();
        note({ kind: 'replaced' });
        served.refresh();
        return served.keep(data);
      } catch (error) {
        problem = failed(error);
      }
    }
    note({ kind: 'list-missed', data });
    if (ttlMs >= 0) throw problem;
    served.refresh();
    return served.keep(data);
  };

  const upsert = async (item: Item): Promise<UpsertResult<C>> => {
    let counts: Item | undefined;
    let problem = interruption();
    if (problem === undefined) {
      try {
        counts = await persistence.upsert(item);
        wrote();
        if (served.known === undefined) await load();
      } catch (error) {
        problem = failed(error);
      }
    }
    if (counts === undefined) {
      note({ kind: 'item-missed', item, known: served.known?.data });
      if (ttlMs >= 0) throw problem;
    }
    const base = served.known?.data ?? EMPTY_DATA_SET;
    const next = withItem(base, counts ?? item);
    const applied = counts === undefined ? next !== undefined : counts === item;
    return { data: served.keep(next ?? base), applied };
  };

  /** Brings what is known here into Redis, and takes over what is newer there. Returns how many items were brought in. */
  const merge = async (): Promise<number> => {
    const data = state.missed?.data ?? served.known?.data;
    if (data === undefined) return 0;
    const result = await persistence.merge(data, { mark: `flagrelay ${randomUUID()}`, exact: isExact(state) });
    wrote();
    note({ kind: 'merged', mark: result.mark });
    served.refresh();
    served.keep(result.data);
    return result.written;
  };

  /** Redis holds nothing: it is filled again, by who knows best. */
  const emptied = async (): Promise<void> => {
    const now = performance.now();
    note({ kind: 'found-empty', known: served.known !== undefined, now });
    if (!fillsEmpty(state, now, timing.patienceMs)) return;
    const items = await merge();
    const { linked } = state;
    logger.warn('Redis was emptied and has been filled again from memory', { prefix: keys.prefix, items, linked });
  };

  /** Redis is full. Where it was filled again by another's memory, or missed something of ours, what is newer here goes in. */
  const filledBy = async (mark: string): Promise<void> => {
    const items = mergesFilled(state, mark) ? await merge() : 0;
    note({ kind: 'found-filled', mark });
    if (items > 0) logger.warn('Redis held older data than this relay', { prefix: keys.prefix, items });
  };

  const check = async (): Promise<void> => {
    try {
      const mark = await persistence.mark();
      if (closed) return;
      const isBack = interruption() !== undefined;
      if (mark === undefined) await emptied();
      else await filledBy(mark);
      if (isBack) {
        // Others may have written meanwhile.
        if (ttlMs >= 0) served.freshFor(Number.NEGATIVE_INFINITY);
        logger.info('Redis is back', { prefix: keys.prefix });
      }
      note({ kind: 'looked' });
      if (isBack && ttlMs >= 0) events.recovered();
    } catch (error) {
      failed(error);
    }
  };

  /** Somebody wrote into the shared Redis. */
  const followed = async (): Promise<void> => {
    // Trouble is the state, and the next look's business.
    if (interruption() === undefined && !closed) await load().catch(() => undefined);
  };

  /** Who has no link follows what others write, once there is something to serve. */
  const followNeighbours = (): void => {
    if (state.linked || closed || served.known === undefined) return;
    unfollow ??= deps.follower?.follow([keys.inited, ...ITEM_KINDS.map(keys.hash)], followed);
  };

  const arm = (delayMs: number): void => {
    clearTimeout(timer);
    if (closed) return;
    // Less up to a tenth at random, so that hundreds of environments do not ask at once.
    timer = jobAfterThen('redis-check', delayMs * (1 - Math.random() / 10), () => inLine(check), next);
  };
  const next = (): void => {
    const soon = interruption() !== undefined || lacksSince(state) !== undefined;
    arm(soon ? timing.retryMs : timing.checkMs);
  };

  arm(0);
  return {
    init: (data) => inLine(() => init(data)),
    upsert: (item) => inLine(() => upsert(item)),
    read: () => served.fresh ?? loadOnce(),
    linked: (healthy) => {
      if (state.linked === healthy || closed) return;
      note({ kind: 'linked', linked: healthy });
      if (healthy) {
        unfollow?.();
        unfollow = undefined;
        if (lacksSince(state) !== undefined) arm(0);
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
