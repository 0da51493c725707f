import { setTimeout as pause } from 'node:timers/promises';
import { fullDelay, spread } from '@flagrelay/kube/backoff';
import type { Logger } from '../../../telemetry/logger.ts';
import type { BigSegmentDatabase } from './database.ts';
import type { BigSegmentPatch } from './patch.ts';
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
  /** Wait after upstream refused; it may have been a mistake that somebody fixes. */
  readonly refusedMs: number;
  /** While the stream is quiet, the time of synchronisation is written this often (contract 5.4). */
  readonly markMs: number;
  /** The database may be ahead of what the stream brings for this long; then something was missed. */
  readonly aheadMs: number;
}

/** Dependencies of a synchroniser. */
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

const TIMING: SynchronizerTiming = {
  retryMs: 10_000,
  maxRetryMs: 60_000,
  refusedMs: 300_000,
  markMs: 30_000,
  aheadMs: 60_000,
};

/** Versions of patches that are remembered, to tell what was already handled from what is missing. */
const REMEMBERED = 1_000;

/**
 * The cycle of contract 5.4: poll until nothing is new, open the stream, poll once more to close the gap, then apply what
 * the stream brings. A patch that is missing, an error, the end of the stream, or a cursor that disappeared (the database
 * was emptied) begin the cycle again.
 *
 * Several relays may share the database, and each patch is applied by one of them: for the others it is news all the same,
 * which their clients have to hear. `position` is the last patch that this relay knows to be in the database. One that
 * follows on it and cannot be applied was applied by somebody who is ahead.
 */
export function createSynchronizer(deps: SynchronizerDeps): Synchronizer {
  const { upstream, database, logger } = deps;
  const timing = { ...TIMING, ...deps.timing };
  const ending = new AbortController();
  const { signal } = ending;
  let running: Promise<void> | undefined;
  let failures = 0;
  /** The cursor as this relay has followed it; it can move, but not disappear. */
  let position: string | undefined;
  /** The last versions that were handled. */
  const handled = new Set<string>();
  /** The cursor is ahead of `position`, and has been there since, on the monotonic clock. */
  let ahead: { readonly cursor: string; readonly since: number } | undefined;

  const reach = (version: string): void => {
    position = version;
    handled.add(version);
    if (handled.size > REMEMBERED) handled.delete(handled.values().next().value ?? '');
  };

  /** Whether a patch that could not be applied is in the database all the same. */
  const isThere = (patch: BigSegmentPatch, cursor: string): boolean =>
    cursor === patch.version || (patch.previousVersion === position && !handled.has(cursor));

  /** Returns whether all of them are in the database now. */
  const apply = async (patches: readonly BigSegmentPatch[]): Promise<boolean> => {
    let news = 0;
    let missing = false;
    for (const patch of patches) {
      const result = await database.apply(patch);
      if (result.applied || isThere(patch, result.cursor)) {
        reach(patch.version);
        news += 1;
      } else if (!handled.has(patch.version)) {
        logger.warn('a big-segment patch does not follow on the last one; synchronising again');
        missing = true;
        break;
      }
    }
    if (news > 0) {
      logger.info('big segments changed', { patches: news });
      deps.changed();
    }
    return !missing;
  };

  /** Polls until there is nothing new. Returns whether anything was. @throws OutOfOrder */
  const catchUp = async (): Promise<boolean> => {
    let moved = false;
    for (let any = false; ; any = true) {
      const cursor = await database.cursor();
      moved ||= position !== undefined && cursor !== undefined && cursor !== position;
      if (cursor === undefined) forget();
      else reach(cursor);
      const patches = await upstream.poll(cursor, signal);
      if (patches.length === 0) {
        // Others have applied what this relay did not hear of.
        if (moved) deps.changed();
        return any;
      }
      if (!(await apply(patches))) throw new OutOfOrder();
    }
  };

  const forget = (): void => {
    position = undefined;
    handled.clear();
  };

  /** @throws OutOfOrder for a cursor that is gone, or that stays elsewhere while nothing comes: something was missed. */
  const checkCursor = async (): Promise<void> => {
    const cursor = await database.cursor();
    if (cursor === position) {
      ahead = undefined;
    } else if (cursor === undefined) {
      throw new OutOfOrder('the big segments are gone from the store');
    } else if (ahead?.cursor !== cursor) {
      ahead = { cursor, since: performance.now() };
    } else if (performance.now() - ahead.since > timing.aheadMs) {
      throw new OutOfOrder();
    }
  };

  const mark = async (): Promise<void> => {
    await checkCursor();
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
    const base = refused ? timing.refusedMs : fullDelay(failures, { baseMs: timing.retryMs, maxMs: timing.maxRetryMs });
    failures += 1;
    const text = refused ? 'upstream refuses big segments' : 'the synchronisation of big segments was interrupted';
    logger[refused ? 'error' : 'warn'](text, { error: error.message, retryMs: base });
    try {
      await pause(spread(base), undefined, { signal });
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
