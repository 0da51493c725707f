import { type Clock, systemClock } from './clock.ts';

/** Shape of an exponential backoff; times in ms. */
export interface BackoffOptions {
  readonly baseMs: number;
  readonly maxMs: number;
  /** A healthy time after which it begins at `baseMs` again. */
  readonly resetAfterMs: number;
  readonly clock?: Clock | undefined;
  /** From 0 to below 1. */
  readonly random?: (() => number) | undefined;
}

/** Doubling delays with full jitter. */
export interface Backoff {
  /** The delay before the next attempt, in ms. */
  next(): number;
}

/** No delay is shorter than this part of the base: jitter must never make a hot loop. */
const FLOOR = 0.25;

/**
 * Delays anywhere up to a step that doubles from `baseMs` to `maxMs`: spread so that the many clients of a restarted
 * server do not come back together. Asking again more than `resetAfterMs` after the last delay ended begins anew.
 */
export function createBackoff(options: BackoffOptions): Backoff {
  const { baseMs, maxMs, resetAfterMs, clock = systemClock, random = Math.random } = options;
  let step = baseMs;
  let endOfDelay = Number.NEGATIVE_INFINITY;
  return {
    next() {
      if (clock.now() - endOfDelay >= resetAfterMs) step = baseMs;
      const delay = Math.max(baseMs * FLOOR, step * random());
      step = Math.min(step * 2, maxMs);
      endOfDelay = clock.now() + delay;
      return delay;
    },
  };
}
