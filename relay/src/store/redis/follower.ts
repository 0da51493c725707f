import { setTimeout as pause } from 'node:timers/promises';
import { StoreError } from '../../errors.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { RedisConnection } from './connection.ts';

/**
 * Tells who has no link to upstream when a relay that has one writes into the Redis that they share, so that what they
 * remember is what was last in it.
 */
export interface Follower {
  /**
   * Follows these keys from now on, beginning with one call of `changed`.
   * @param changed may be called although nothing changed; the next look waits for it
   * @returns ends it
   */
  follow(keys: readonly string[], changed: () => Promise<void>): () => void;
  close(): Promise<void>;
}

/** All in ms. */
export interface FollowerTiming {
  /** How often Redis is asked whether anything was written. */
  readonly lookMs: number;
  /** After this time everything is read all the same. */
  readonly sessionMs: number;
  /** In a Cluster everything is read so often. */
  readonly clusterMs: number;
  /** Wait after an error. */
  readonly retryMs: number;
}

const TIMING: FollowerTiming = { lookMs: 100, sessionMs: 20_000, clusterMs: 2_000, retryMs: 1_000 };
/** Reading that takes longer than this, in ms, is a burden: it is followed by a rest of so many times its length, up to a limit. */
const LONG_READ_MS = 200;
const REST = 4;
const MAX_REST_MS = 5_000;

/**
 * A follower of one connection. Redis itself says whether a key was written: the keys of all who follow are watched (WATCH),
 * and an almost empty transaction fails after a write. That costs three short commands for each look however large the data
 * are and however many environments follow, and nothing at all while nobody does. Which key it was is not said: after a
 * write everybody reads. A Cluster cannot watch keys on several servers at once, and between the end of one watch and the next a write on
 * one of them would be missed: there everybody reads every `clusterMs`, and less often where that takes long.
 */
export function createFollower(
  connection: RedisConnection,
  logger: Logger,
  timing: Partial<FollowerTiming> = {},
): Follower {
  const { lookMs, sessionMs, clusterMs, retryMs } = { ...TIMING, ...timing };
  const followed = new Map<readonly string[], () => Promise<void>>();
  const ending = new AbortController();
  const { signal } = ending;
  let running: Promise<void> | undefined;
  /** Who follows changed: what is watched is not complete. */
  let grown = false;

  const readAll = async (): Promise<void> => {
    const before = performance.now();
    await Promise.all([...followed.values()].map((changed) => changed()));
    const took = performance.now() - before;
    if (took > LONG_READ_MS) await pause(Math.min(took * REST, MAX_REST_MS), undefined, { signal });
  };

  const session = async (): Promise<void> => {
    grown = false;
    if (connection.cluster) {
      await readAll();
      await pause(clusterMs, undefined, { signal });
      return;
    }
    await connection.transact(async (client) => {
      const keys = [...followed.keys()].flat();
      const end = performance.now() + sessionMs;
      await client.watch(...keys);
      await readAll();
      while (!grown && followed.size > 0 && performance.now() < end) {
        await pause(lookMs, undefined, { signal });
        // Together, so that nothing is written between the two.
        const [look] = await Promise.all([
          client
            .multi()
            .exists(keys[0] ?? '')
            .exec(),
          client.watch(...keys),
        ]);
        if (look === null) await readAll();
      }
      await client.unwatch();
    });
  };

  const start = (): void => {
    running ??= run().finally(() => {
      running = undefined;
      if (followed.size > 0 && !signal.aborted) start();
    });
  };
  const run = async (): Promise<void> => {
    while (followed.size > 0 && !signal.aborted) {
      try {
        await session();
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof StoreError)) throw error;
        logger.debug('Redis cannot be followed', { error: error.message });
        await pause(retryMs, undefined, { signal }).catch(() => undefined);
      }
    }
  };

  return {
    follow(keys, changed) {
      // A list of its own: two may follow the same keys.
      const mine = [...keys];
      followed.set(mine, changed);
      grown = true;
      start();
      return () => void followed.delete(mine);
    },
    async close() {
      ending.abort();
      await running;
    },
  };
}
