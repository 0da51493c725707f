import { setTimeout as sleep } from 'node:timers/promises';

/** Time as {@link createElection} sees it. */
export interface Clock {
  /** ms that only grow; they may stand still while the machine is suspended. */
  now(): number;
  /** ms since the epoch. */
  wallNow(): number;
  /** Resolves after `ms`, or at once when `signal` fires. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/** The machine's time. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  wait: (ms, signal) =>
    sleep(Math.max(1, ms), undefined, { signal }).catch(() => {
      // Fired: the waiting is over, too.
    }),
};
