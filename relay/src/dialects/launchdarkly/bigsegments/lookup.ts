import { jobAfterThen } from '../../../jobs/jobs.ts';
import type { Logger } from '../../../telemetry/logger.ts';
import type { BigSegmentsStatus } from '../evaluation/compiled.ts';
import type { BigSegmentDatabase } from './database.ts';
import type { BigSegmentQuery } from './types.ts';

/** Contexts that are remembered, and for how long in ms (contract 6.3). */
const MAX_CONTEXTS = 1000;
const CONTEXT_MS = 5_000;
/** How often the database is asked for its state, in ms. */
const STATUS_MS = 5_000;
/** Evaluations call data STALE after this time without synchronisation, in ms. */
const STALE_MS = 120_000;

/** State of the database as it was last seen. */
export interface DatabaseState {
  readonly available: boolean;
  /** ms since the epoch; 0 = never */
  readonly synchronizedOn: number;
}

/** Cached answers about memberships, and the state of the database. */
export interface Lookup {
  query(contextKey: string): Promise<BigSegmentQuery>;
  /** Undefined until it was asked for the first time. */
  state(): DatabaseState | undefined;
  /** Asks for the state now and then, from now on; idempotent. */
  watch(): void;
  /** This relay itself has just found the database in step. @param ms since the epoch */
  synchronized(ms: number): void;
  /** Forgets all memberships. */
  clear(): void;
  close(): void;
}

interface Cached {
  readonly query: Promise<BigSegmentQuery>;
  readonly until: number;
}

/** Makes a lookup (contract 6.3). It never rejects: trouble is the status STORE_ERROR. */
export function createLookup(database: BigSegmentDatabase, logger: Logger, statusMs = STATUS_MS): Lookup {
  const cache = new Map<string, Cached>();
  let state: DatabaseState | undefined;
  let timer: NodeJS.Timeout | undefined;
  let first: Promise<void> | undefined;
  let closed = false;

  const ask = async (): Promise<void> => {
    try {
      state = { available: true, synchronizedOn: await database.synchronizedOn() };
    } catch (error) {
      if (state?.available !== false && !closed) {
        logger.warn('big segments cannot be read from the store', { error: (error as Error).message });
      }
      state = { available: false, synchronizedOn: state?.synchronizedOn ?? 0 };
    }
  };
  const watch = (): void => {
    first ??= ask().then(arm);
  };
  const arm = (): void => {
    if (closed) return;
    timer = jobAfterThen('big-segments-check', statusMs * (1 - Math.random() / 10), ask, arm);
  };

  const statusNow = (): BigSegmentsStatus => {
    if (state?.available !== true) return 'STORE_ERROR';
    return Date.now() - state.synchronizedOn > STALE_MS ? 'STALE' : 'HEALTHY';
  };

  const fetch = async (contextKey: string): Promise<BigSegmentQuery> => {
    watch();
    await first;
    try {
      const membership = await database.membership(contextKey);
      return { status: statusNow(), membership };
    } catch (error) {
      logger.debug('a big-segment membership cannot be read', { error: (error as Error).message });
      cache.delete(contextKey);
      return { status: 'STORE_ERROR' };
    }
  };

  return {
    query: (contextKey) => {
      const now = performance.now();
      const known = cache.get(contextKey);
      if (known !== undefined && now < known.until) return known.query;
      const query = fetch(contextKey);
      cache.delete(contextKey);
      cache.set(contextKey, { query, until: now + CONTEXT_MS });
      if (cache.size > MAX_CONTEXTS) cache.delete(cache.keys().next().value ?? '');
      return query;
    },
    state: () => state,
    watch,
    synchronized: (ms) => {
      state = { available: true, synchronizedOn: ms };
    },
    clear: () => cache.clear(),
    close: () => {
      closed = true;
      clearTimeout(timer);
      cache.clear();
    },
  };
}
