/** How long to wait before each try. */
export interface Backoff {
  /** Delay in ms before the next try. */
  next(): number;
  /** The link is up since now. */
  opened(): void;
  /** The server wants this as the first delay (`retry:`), in ms. */
  setBase(ms: number): void;
}

/** Options of {@link createBackoff}. */
export interface BackoffOptions {
  /** First delay in ms. */
  readonly baseMs?: number;
  /** Longest delay in ms. */
  readonly maxMs?: number;
  /** A link that was up for so many ms makes the next delay the first one again. */
  readonly resetAfterMs?: number;
  readonly now?: () => number;
  /** In [0, 1). */
  readonly random?: () => number;
}

/** Exponential backoff as LaunchDarkly's own clients do it: 1 s, doubled up to 30 s, each less up to half at random; as new after 60 s of good link (contract 5.1). */
export function createBackoff(options: BackoffOptions = {}): Backoff {
  const { maxMs = 30_000, resetAfterMs = 60_000, now = () => performance.now(), random = Math.random } = options;
  let base = options.baseMs ?? 1_000;
  let tries = 0;
  let openedAt: number | undefined;
  return {
    next() {
      if (openedAt !== undefined && now() - openedAt >= resetAfterMs) tries = 0;
      openedAt = undefined;
      const delay = Math.min(maxMs, base * 2 ** Math.min(tries, 30));
      tries += 1;
      return delay * (1 - random() / 2);
    },
    opened() {
      openedAt = now();
    },
    setBase(ms) {
      base = Math.min(ms, maxMs);
      tries = 0;
    },
  };
}
