/** A timer that can be given up. */
export interface Timer {
  cancel(): void;
}

/** Time as the runtime sees it, so that tests can turn it by hand. */
export interface Clock {
  /** Monotonic milliseconds; goes on while the process is stopped by a signal, never back. */
  now(): number;
  /** Wall-clock milliseconds since 1970, for what others read (lease and event times). */
  wallNow(): number;
  /** Calls back once after `ms` milliseconds. */
  after(ms: number, callback: () => void): Timer;
}

/** setTimeout takes at most this many ms; more would fire at once. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** The real clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  after(ms, callback) {
    const handle = setTimeout(callback, Math.min(Math.max(0, ms), MAX_TIMEOUT_MS));
    return { cancel: () => clearTimeout(handle) };
  },
};

/** Waits `ms` milliseconds. Resolves to true when they passed and to false as soon as the signal aborts. */
export function sleep(ms: number, signal: AbortSignal, clock: Clock = systemClock): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const timer = clock.after(ms, () => {
      signal.removeEventListener('abort', onAbort);
      resolve(true);
    });
    function onAbort(): void {
      timer.cancel();
      resolve(false);
    }
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
