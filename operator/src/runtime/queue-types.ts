/** How soon an added key should be worked on: `low` only when nothing `normal` waits. */
export type Priority = 'normal' | 'low';

/**
 * A queue of keys with client-go's semantics: a key that waits is not added twice; a key that is being worked on is not
 * handed out again until `done`, and is then queued again if it was added meanwhile. No add is lost.
 */
export interface WorkQueue {
  readonly name: string;
  /** Keys that wait, without those being worked on or delayed. */
  readonly length: number;
  add(key: string, priority?: Priority): void;
  /** Adds after `delayMs`; the earliest of several times counts. */
  addAfter(key: string, delayMs: number): void;
  /** Adds after the delay that the rate limiter gives to this failure of the key. */
  addRateLimited(key: string): void;
  /** Forgets the failures of a key. */
  forget(key: string): void;
  /** Failures of a key since it was forgotten. */
  retries(key: string): number;
  /** The next key, which the caller must give back with `done`; undefined once the queue is shut down or the signal aborts. */
  get(signal?: AbortSignal): Promise<string | undefined>;
  done(key: string): void;
  /** Takes no more keys and drops those that wait; `get` answers undefined. */
  shutDown(): void;
}

/** Says how long a key that failed has to wait. */
export interface RateLimiter {
  /** Counts one failure of the key; its delay in ms. */
  delayFor(key: string): number;
  forget(key: string): void;
  retries(key: string): number;
}
