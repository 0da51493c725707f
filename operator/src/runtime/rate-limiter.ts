import { fullDelay } from '@flagrelay/kube/backoff';
import { type Clock, systemClock } from '@flagrelay/kube/clock';
import type { RateLimiter } from './queue-types.ts';

/** Numbers of the default limiter; times in ms. */
export interface RateLimiterOptions {
  readonly baseMs?: number | undefined;
  readonly maxMs?: number | undefined;
  /** Retries a second over all keys. */
  readonly perSecond?: number | undefined;
  readonly burst?: number | undefined;
  readonly clock?: Clock | undefined;
}

/**
 * controller-runtime's default: the longer of 5 ms doubling to 1000 s for each failing key, and a bucket of 100 that
 * refills by 10 a second for all keys together, so that many failing objects cannot flood the API server.
 */
export function createRateLimiter(options: RateLimiterOptions = {}): RateLimiter {
  const { baseMs = 5, maxMs = 1_000_000, perSecond = 10, burst = 100, clock = systemClock } = options;
  const failures = new Map<string, number>();
  let tokens = burst;
  let filledAt = clock.now();

  /** Takes a token, on credit when there is none: how long until it would be there. */
  function takeToken(): number {
    const now = clock.now();
    tokens = Math.min(burst, tokens + ((now - filledAt) / 1000) * perSecond) - 1;
    filledAt = now;
    return tokens >= 0 ? 0 : (-tokens / perSecond) * 1000;
  }

  return {
    delayFor(key) {
      const count = failures.get(key) ?? 0;
      failures.set(key, count + 1);
      return Math.max(fullDelay(count, { baseMs, maxMs }), takeToken());
    },
    forget: (key) => void failures.delete(key),
    retries: (key) => failures.get(key) ?? 0,
  };
}
