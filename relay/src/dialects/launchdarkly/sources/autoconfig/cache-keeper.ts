import { jobTimer } from '../../../../jobs/jobs.ts';
import type { Logger } from '../../../../telemetry/logger.ts';
import type { ListCache } from './cache.ts';
import type { StoredList } from './list.ts';

/** Writes begin at least this far apart, in ms: each takes the whole list. */
const APART_MS = 1_000;

/** Keeps a cache up to date. */
export interface CacheKeeper {
  /**
   * The list has changed. It is written soon, as it is then: one write at a time, and changes that come meanwhile are one more.
   * @param secret what it is encrypted with
   */
  changed(secret: string): void;
  /** Writes what has not been written yet; resolves when it is, or could not be. */
  close(): Promise<void>;
}

/** What a {@link CacheKeeper} needs. */
export interface CacheKeeperOptions {
  readonly cache: Pick<ListCache, 'name' | 'write'>;
  /** The list as it is now. */
  readonly list: () => StoredList;
  readonly logger: Logger;
  readonly apartMs?: number;
}

/** A keeper of a cache that it has not written yet. A write that fails is logged, and the next change tries again. */
export function createCacheKeeper({ cache, list, logger, apartMs = APART_MS }: CacheKeeperOptions): CacheKeeper {
  /** Set while there is something to write. */
  let secret: string | undefined;
  let writing: Promise<void> | undefined;
  let begunAt = Number.NEGATIVE_INFINITY;

  const arm = (): void => timer.arm(Math.max(0, begunAt + apartMs - performance.now()));

  const write = async (): Promise<void> => {
    if (secret === undefined) return;
    const key = secret;
    secret = undefined;
    begunAt = performance.now();
    try {
      await cache.write(list(), key);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      logger.error('cannot write the cache of environments', { cache: cache.name, reason: code ?? message });
    }
  };

  const begin = (): void => {
    writing = write().finally(() => {
      writing = undefined;
      if (secret !== undefined) arm();
    });
  };

  // A run that fails by a mistake leaves what is to be written for the next one.
  const timer = jobTimer(
    'autoconfig-cache',
    () => begin(),
    () => (secret === undefined || writing !== undefined ? undefined : apartMs),
  );

  return {
    changed(key) {
      secret = key;
      // A running write arms the next one when it is done.
      if (writing === undefined) arm();
    },
    async close() {
      await writing;
      timer.cancel();
      await write();
    },
  };
}
