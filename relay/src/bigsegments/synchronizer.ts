import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from '../telemetry/logger.ts';
import type { BigSegmentPatch } from './patch.ts';
import type { BigSegmentDatabase } from './redis.ts';
import { type BigSegmentUpstream, UpstreamError } from './upstream.ts';

/** Keeps the database in step with upstream until it is closed. */
export interface Synchronizer {
  /** Begins; idempotent. */
  start(): void;
  close(): Promise<void>;
}

/** All in ms. */
export interface SynchronizerTiming {
  /** First wait after a failure; doubles up to `maxRetryMs`, less up to half at random. */
  readonly retryMs: number;
  readonly maxRetryMs: number;
  /** Wait after upstream refused; it may have been a mistake that somebody mends. */
  readonly refusedMs: number;
  /** While the stream is quiet, the time of synchronisation is written this often (contract 5.4). */
  readonly markMs: number;
}

/** What a synchroniser needs. */
export interface SynchronizerDeps {
  readonly upstream: BigSegmentUpstream;
  readonly database: BigSegmentDatabase;
  /** Memberships changed. */
  readonly changed: () => void;
  /** The database was in step at this time, in ms since the epoch. */
  readonly synchronized: (ms: number) => void;
  readonly logger: Logger;
  readonly timing?: Partial<SynchronizerTiming>;
}

const TIMING: SynchronizerTiming = { retryMs: 10_000, maxRetryMs: 60_000, refusedMs: 300_000, markMs: 30_000 };

/**
 * The cycle of contract 5.4: poll until nothing is new, open the stream, poll once more to close the gap, then apply what
 * the stream brings. A patch that does not follow on the cursor, an error, the end of the stream, or a cursor that
 * disappeared (Redis was emptied) begin the cycle anew.
 */
export function createSynchronizer(deps: SynchronizerDeps): Synchronizer {
  const { upstream, database, logger } = deps;
  const timing = { ...TIMING, ...deps.timing };
  const ending = new AbortController();
  const { signal } = ending;
  let running: Promise<void> | undefined;
  let failures = 0;
  /** Cursor that the database had last; it can move, but not disappear. */
  let lastCursor: string | undefined;

  /** Returns whether all of them were applied. */
  const apply = async (patches: readonly BigSegmentPatch[]): Promise<boolean> => {
    let applied = 0;
    for (const patch of patches) {
      if (!(await database.apply(patch))) {
        logger.warn('a big-segment patch does not follow on the last one; synchronising again');
        break;
      }
      lastCursor = patch.version;
      applied += 1;
    }
    if (applied > 0) {
      logger.info('big segments changed', { patches: applied });
      deps.changed();
    }
    return applied === patches.length;
  };

  /** Polls until there is nothing new. Returns whether anything was. @throws OutOfOrder */
  const catchUp = async (): Promise<boolean> => {
    for (let any = false; ; any = true) {
      lastCursor = await database.cursor();
      const patches = await upstream.poll(lastCursor, signal);
      if (patches.length === 0) return any;
      if (!(await apply(patches))) throw new OutOfOrder();
    }
  };

  const mark = async (): Promise<void> => {
    if (lastCursor !== undefined && (await database.cursor()) === undefined) {
      throw new OutOfOrder('the big segments are gone from Redis');
    }
    const now = Date.now();
    await database.setSynchronizedOn(now);
    deps.synchronized(now);
  };

  const cycle = async (): Promise<never> => {
    await catchUp();
    const stream = await upstream.connect(signal);
    try {
      // The stream may miss what happened before it was open.
      while (await catchUp()) logger.debug('big segments changed while the stream was being opened');
      await mark();
      failures = 0;
      logger.info('big segments are synchronised');
      for (;;) {
        const patches = await stream.next(timing.markMs);
        if (patches !== undefined && !(await apply(patches))) throw new OutOfOrder();
        await mark();
      }
    } finally {
      stream.close();
    }
  };

  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        await cycle();
      } catch (error) {
        if (signal.aborted) return;
        await rest(error as Error);
      }
    }
  };

  const rest = async (error: Error): Promise<void> => {
    const refused = error instanceof UpstreamError && error.permanent;
    const base = refused ? timing.refusedMs : Math.min(timing.maxRetryMs, timing.retryMs * 2 ** Math.min(failures, 10));
    failures += 1;
    const text = refused ? 'upstream refuses big segments' : 'the synchronisation of big segments was interrupted';
    logger[refused ? 'error' : 'warn'](text, { error: error.message, retryMs: base });
    try {
      await pause(base * (1 - Math.random() / 2), undefined, { signal });
    } catch {
      // Closed while waiting.
    }
  };

  return {
    start: () => {
      running ??= run();
    },
    close: async () => {
      ending.abort();
      await running;
    },
  };
}

class OutOfOrder extends Error {
  constructor(message = 'a patch is missing') {
    super(message);
  }
}
