import { type Clock, sleep, systemClock } from '@flagrelay/kube/clock';

/** Limit of calls over time. */
export interface ThrottleOptions {
  /** Calls a second, in the long run. */
  readonly perSecond: number;
  /** Calls at once after a pause. */
  readonly burst: number;
  readonly clock?: Clock | undefined;
}

/** Lets callers through at a limited rate, in the order in which they came. */
export interface Throttle {
  /** Waits for the caller's turn. Resolves to false as soon as the signal aborts; the turn is lost then. */
  turn(signal: AbortSignal): Promise<boolean>;
}

/** A token bucket, which begins full. @throws RangeError when a limit is not above 0 */
export function createThrottle({ perSecond, burst, clock = systemClock }: ThrottleOptions): Throttle {
  if (!(perSecond > 0 && burst > 0)) throw new RangeError('perSecond and burst must be above 0');
  let tokens = burst;
  let countedAt = clock.now();
  return {
    turn(signal) {
      const now = clock.now();
      tokens = Math.min(burst, tokens + ((now - countedAt) / 1000) * perSecond) - 1;
      countedAt = now;
      // Below zero: those who came before have the next ones.
      return tokens >= 0 ? Promise.resolve(!signal.aborted) : sleep((-tokens / perSecond) * 1000, signal, clock);
    },
  };
}
