import type { CompiledData } from '../../evaluation/compiled.ts';
import { jobAfter } from '../../jobs/jobs.ts';
import { type DataSet, EMPTY_DATA_SET, type Item } from '../../model/data.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { type Compile, withItem } from '../memory.ts';
import { type Store, StoreError, type StoreEvents, type StoreStatus, type UpsertResult } from '../store.ts';
import type { RedisConnection } from './connection.ts';
import { DEFAULT_PREFIX, redisKeys } from './keys.ts';
import { createPersistence } from './persistence.ts';
import type { RedisConfig } from './settings.ts';
import { type TimeOperation, timedPersistence } from './timed.ts';

/** What a Redis store needs. */
export interface RedisStoreDeps {
  readonly connection: RedisConnection;
  readonly compile: Compile;
  readonly events: StoreEvents;
  readonly logger: Logger;
  /** Absent: calls of Redis are not timed. */
  readonly timed?: TimeOperation;
  readonly timing?: Partial<RedisStoreTiming>;
}

/** All in ms. */
export interface RedisStoreTiming {
  /** How often a healthy store is asked whether it was emptied. */
  readonly checkMs: number;
  /** How often an interrupted one is asked whether it is back (contract 6.5). */
  readonly retryMs: number;
}

const TIMING: RedisStoreTiming = { checkMs: 5_000, retryMs: 500 };

/**
 * One environment in Redis, in ld-relay's layout (contract 6), with the last data in memory:
 *
 * - `cacheTtlMs` > 0: reads come from memory until the time is over; 0: every read asks Redis; < 0: Redis is read once.
 * - A failed call makes the store INTERRUPTED. From then on every call that needs Redis fails at once, and Redis is asked
 *   every 500 ms whether it is back. Then the source has to deliver everything again (`recovered`); with an infinite TTL
 *   updates were kept in memory and are written back instead.
 * - When `$inited` disappears (Redis was emptied or restarted without its data) Redis is filled again from memory.
 *
 * @param prefix of the keys; `launchdarkly` when absent
 */
export function createRedisStore(config: RedisConfig, prefix: string | undefined, deps: RedisStoreDeps): Store {
  const { connection, compile, events, logger } = deps;
  const ttlMs = config.cacheTtlMs;
  const timing = { ...TIMING, ...deps.timing };
  const keys = redisKeys(prefix === undefined || prefix === '' ? DEFAULT_PREFIX : prefix);
  const plain = createPersistence(connection, keys, logger);
  const persistence = deps.timed === undefined ? plain : timedPersistence(plain, deps.timed);

  /** The last data that were read or written. */
  let known: CompiledData | undefined;
  /** Until when `known` answers reads, on the monotonic clock. */
  let freshUntil = Number.NEGATIVE_INFINITY;
  /** Redis has been seen filled: from then on an absent `$inited` is a loss. */
  let filled = false;
  /** Memory holds updates that Redis has missed (infinite TTL). */
  let unsaved = false;
  let state: StoreStatus['state'] = 'INITIALIZING';
  let stateSince = 0;
  let lastError = new StoreError('Redis has not answered yet');
  let loading: Promise<CompiledData | undefined> | undefined;
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

  const keep = (data: DataSet): CompiledData => {
    known = data === known?.data ? known : compile(data, known);
    return known;
  };
  const refresh = (): void => {
    freshUntil = ttlMs < 0 ? Number.POSITIVE_INFINITY : performance.now() + ttlMs;
  };

  const load = async (): Promise<CompiledData | undefined> => {
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
      void inLine(check);
      return known;
    }
    filled = true;
    refresh();
    return keep(data);
  };

  const loadOnce = (): Promise<CompiledData | undefined> => {
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

  const init = async (data: DataSet): Promise<CompiledData> => {
    if (state !== 'INTERRUPTED') {
      try {
        await persistence.replace(data);
        written();
        refresh();
        unsaved = false;
        return keep(data);
      } catch (error) {
        failed(error);
      }
    }
    if (ttlMs >= 0) throw lastError;
    unsaved = true;
    refresh();
    return keep(data);
  };

  const upsert = async (item: Item): Promise<UpsertResult> => {
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
    if (counts === undefined && ttlMs >= 0) throw lastError;
    if (counts === undefined) unsaved = true;
    const base = known?.data ?? EMPTY_DATA_SET;
    const next = withItem(base, counts ?? item);
    const applied = counts === undefined ? next !== undefined : counts === item;
    return { data: keep(next ?? base), applied };
  };

  const recover = async (isFilled: boolean): Promise<void> => {
    if (known !== undefined && ttlMs < 0 && (unsaved || !isFilled)) {
      await persistence.replace(known.data);
      unsaved = false;
      written();
    } else if (!isFilled) {
      await fillAgain();
    }
    // Others may have written meanwhile.
    if (ttlMs >= 0) freshUntil = Number.NEGATIVE_INFINITY;
    logger.info('Redis is back', { prefix: keys.prefix });
    setState('VALID');
    if (ttlMs >= 0) events.recovered();
  };

  const fillAgain = async (): Promise<void> => {
    if (known === undefined || !filled) return;
    const { flags, segments } = known.data;
    if (!(await persistence.refill(known.data))) return;
    writes += 1;
    logger.warn('Redis was emptied and has been filled again from memory', {
      prefix: keys.prefix,
      flags: flags.size,
      segments: segments.size,
    });
  };

  const check = async (): Promise<void> => {
    try {
      const isFilled = await persistence.inited();
      if (closed) return;
      if (state === 'INTERRUPTED') await recover(isFilled);
      else if (!isFilled) await fillAgain();
      filled ||= isFilled;
      setState('VALID');
    } catch (error) {
      failed(error);
    }
  };

  const arm = (delayMs: number): void => {
    clearTimeout(timer);
    if (closed) return;
    // Less up to a tenth at random, so that hundreds of environments do not ask at once.
    timer = jobAfter('redis-check', delayMs * (1 - Math.random() / 10), () => inLine(check).finally(next));
  };
  const next = (): void => arm(state === 'INTERRUPTED' ? timing.retryMs : timing.checkMs);

  arm(0);
  return {
    init: (data) => inLine(() => init(data)),
    upsert: (item) => inLine(() => upsert(item)),
    read: () => (known !== undefined && performance.now() < freshUntil ? known : loadOnce()),
    status,
    close: async () => {
      closed = true;
      clearTimeout(timer);
      await line;
    },
  };
}
