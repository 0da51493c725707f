import { randomUUID } from 'node:crypto';
import { type Compile, type Compiled, type DataSet, EMPTY_DATA_SET, type Item, withItem } from '../../data/data.ts';
import type { Store, StoreEvents, StoreStatus, UpsertResult } from '../../environment/store.ts';
import { StoreError } from '../../errors.ts';
import { jobAfterThen } from '../../jobs/jobs.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Persistence } from './persistence.ts';
import { createServed } from './served.ts';
import {
  type DatabaseEvent,
  fillsEmpty,
  INITIAL_STATE,
  isExact,
  lacksSince,
  mergesFilled,
  stateAfter,
  wasFilled,
} from './state.ts';
import { type TimeOperation, timedPersistence } from './timed.ts';

/** The part of a database that one environment has, and who else uses it. */
export interface EnvironmentDatabase {
  /** For people, in logs. */
  readonly name: 'Redis' | 'DynamoDB';
  /** Calls work or fail; every method throws StoreError. */
  readonly persistence: Persistence;
  /** What status shows of it; asked each time, since an address may change. */
  readonly place: () => Pick<StoreStatus, 'database' | 'dbServer' | 'dbPrefix' | 'dbTable'>;
  /**
   * Follows what others write, beginning with one call of `changed`; returns what ends it. Absent: what others write is seen only when
   * the TTL says so.
   */
  readonly follow?: (changed: () => Promise<void>) => () => void;
}

/** A store's cache time, and who hears of it. */
export interface DatabaseStoreDeps<C extends Compiled> {
  /** > 0 finite, 0 none, < 0 infinite, in ms (contract 6.4). */
  readonly cacheTtlMs: number;
  readonly compile: Compile<C>;
  readonly events: StoreEvents;
  readonly logger: Logger;
  /** Absent: calls of the database are not timed. */
  readonly timed?: TimeOperation;
  readonly timing?: Partial<DatabaseStoreTiming>;
}

/** All in ms. */
export interface DatabaseStoreTiming {
  /** How often a healthy store is asked whether it was emptied. */
  readonly checkMs: number;
  /** How often an interrupted one is asked whether it is back (contract 6.5). */
  readonly retryMs: number;
  /**
   * How long an emptied database is left to those who have a link to upstream by one that has none: longer than `checkMs`,
   * within which each of them notices.
   */
  readonly patienceMs: number;
}

const TIMING: DatabaseStoreTiming = { checkMs: 5_000, retryMs: 500, patienceMs: 6_000 };
/** While the database is empty it is asked no more often than this, in ms, whatever the TTL. */
const EMPTY_LOOK_MS = 500;

/**
 * One environment in a database, with the last data in memory. Its states are those of `state.ts`:
 *
 * - `cacheTtlMs` > 0: reads come from memory until the time is over; 0: every read asks the database; < 0: it is read once.
 * - A failed call makes the store INTERRUPTED. From then on every call that needs the database fails at once, and it is asked
 *   every 500 ms whether it is back. Then the source has to deliver everything again (`recovered`); with an infinite TTL
 *   updates were kept in memory and are written back instead.
 * - When `$inited` disappears (the database was emptied or restarted without its data) it is filled again from memory, item by
 *   item and never over anything newer. A relay with a link to upstream does it at once; one without leaves it to the others for
 *   `patienceMs`, and meanwhile follows what they write. A refill leaves a mark in `$inited`, by which the others see that it
 *   was not one of theirs: they bring in what they know newer.
 */
export function createDatabaseStore<C extends Compiled>(
  database: EnvironmentDatabase,
  deps: DatabaseStoreDeps<C>,
): Store<C> {
  const { compile, events, logger, cacheTtlMs: ttlMs } = deps;
  const { name, place } = database;
  const timing = { ...TIMING, ...deps.timing };
  const persistence =
    deps.timed === undefined ? database.persistence : timedPersistence(database.persistence, deps.timed);

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
    ...place(),
  });

  /** For the log. */
  const where = (): { readonly prefix: string } => {
    const { dbPrefix, dbTable } = place();
    return { ...(dbTable === undefined ? {} : { table: dbTable }), prefix: dbPrefix ?? '' };
  };

  const note = (event: DatabaseEvent): void => {
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
    if (first) logger.warn(`${name} is interrupted`, { ...where(), error: problem.message });
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

  /** The database has changed by this relay: what is being read may be older. */
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

  /** Brings what is known here into the database, and takes over what is newer there. Returns how many items were brought in. */
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

  /** The database holds nothing: it is filled again, by who knows best. */
  const emptied = async (): Promise<void> => {
    const now = performance.now();
    note({ kind: 'found-empty', known: served.known !== undefined, now });
    if (!fillsEmpty(state, now, timing.patienceMs)) return;
    const items = await merge();
    const { linked } = state;
    logger.warn(`${name} was emptied and has been filled again from memory`, { ...where(), items, linked });
  };

  /** The database is full. Where it was filled again by another's memory, or missed something of ours, what is newer here goes in. */
  const filledBy = async (mark: string): Promise<void> => {
    const items = mergesFilled(state, mark) ? await merge() : 0;
    note({ kind: 'found-filled', mark });
    if (items > 0) logger.warn(`${name} held older data than this relay`, { ...where(), items });
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
        logger.info(`${name} is back`, where());
      }
      note({ kind: 'looked' });
      if (isBack && ttlMs >= 0) events.recovered();
    } catch (error) {
      failed(error);
    }
  };

  /** Somebody wrote into the shared database. */
  const followed = async (): Promise<void> => {
    // Trouble is the state, and the next look's business.
    if (interruption() === undefined && !closed) await load().catch(() => undefined);
  };

  /** A relay without a link follows what others write, once there is something to serve. */
  const followNeighbours = (): void => {
    if (state.linked || closed || served.known === undefined) return;
    unfollow ??= database.follow?.(followed);
  };

  const arm = (delayMs: number): void => {
    clearTimeout(timer);
    if (closed) return;
    // Less up to a tenth at random, so that hundreds of environments do not ask at once.
    timer = jobAfterThen('store-check', delayMs * (1 - Math.random() / 10), () => inLine(check), next);
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
