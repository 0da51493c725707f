/** Shape of a delay that doubles; in ms. */
export interface DelayShape {
  /** The first. */
  readonly baseMs: number;
  /** The longest. */
  readonly maxMs: number;
}

/** How a delay is spread, so that the many clients of a restarted server do not come back together. */
export interface Spread {
  /** Share of each delay that is taken off at random, from 0 to 1; half unless given. */
  readonly jitter?: number | undefined;
  /** In [0, 1). */
  readonly random?: (() => number) | undefined;
}

/** A greater exponent makes no longer delay. */
const MAX_EXPONENT = 40;
/** No delay is shorter than this part of the first: jitter must never make a hot loop. */
const FLOOR = 0.25;

/** The delay after the failure that `failures` others came before: doubled each time, capped. In the unit of the shape, without jitter. */
export function fullDelay(failures: number, { baseMs, maxMs }: DelayShape): number {
  return Math.min(maxMs, baseMs * 2 ** Math.min(failures, MAX_EXPONENT));
}

/** A delay less its jitter. */
export function spread(ms: number, { jitter = 0.5, random = Math.random }: Spread = {}): number {
  return ms * (1 - jitter * random());
}

/** {@link fullDelay} less its jitter: what to wait, in ms. */
export function delayAfter(failures: number, shape: DelayShape & Spread): number {
  return Math.max(shape.baseMs * FLOOR, spread(fullDelay(failures, shape), shape));
}

/** Options of {@link createBackoff}. */
export interface BackoffOptions extends DelayShape, Spread {
  /** Good for this long, in ms: the next delay is the first one again. */
  readonly resetAfterMs: number;
  /** Monotonic ms. */
  readonly now?: (() => number) | undefined;
}

/** How long to wait before each try. */
export interface Backoff {
  /** Delay in ms before the next try. */
  next(): number;
  /** It works since now, or since an earlier call that no `next` followed. */
  opened(): void;
  /** The server wants this as the first delay (`retry:` of an event stream), in ms. */
  setBase(ms: number): void;
}

/** Delays that double from failure to failure, and begin anew after a good time. */
export function createBackoff(options: BackoffOptions): Backoff {
  const { maxMs, resetAfterMs, now = () => performance.now(), jitter, random } = options;
  let { baseMs } = options;
  let failures = 0;
  let openedAt: number | undefined;
  return {
    next() {
      if (openedAt !== undefined && now() - openedAt >= resetAfterMs) failures = 0;
      openedAt = undefined;
      const delay = delayAfter(failures, { baseMs, maxMs, jitter, random });
      failures += 1;
      return delay;
    },
    opened() {
      openedAt ??= now();
    },
    setBase(ms) {
      baseMs = Math.min(ms, maxMs);
      failures = 0;
    },
  };
}
