import { setTimeout as delay } from 'node:timers/promises';

/** A condition did not come true within its time; `cause` is the last error of the probe, if it threw. */
export class WaitTimeoutError extends Error {
  constructor(description: string, timeoutMs: number, cause: unknown) {
    const reason = cause instanceof Error ? `: ${cause.message}` : '';
    super(`${description}: not so after ${timeoutMs / 1000} s${reason}`, { cause });
    this.name = 'WaitTimeoutError';
  }
}

/**
 * Polls until `probe` returns something other than `undefined`, and returns that. An error of the probe counts as
 * "not yet"; the last one is the cause when time runs out.
 *
 * @param description what is waited for, as the error should name it
 * @throws WaitTimeoutError after `timeoutMs`
 */
export async function waitFor<T>(
  description: string,
  probe: () => Promise<T | undefined> | T | undefined,
  { timeoutMs, intervalMs = 200 }: { timeoutMs: number; intervalMs?: number },
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  let lastError: unknown;
  for (;;) {
    try {
      const value = await probe();
      if (value !== undefined) return value;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() + intervalMs > deadline) throw new WaitTimeoutError(description, timeoutMs, lastError);
    await delay(intervalMs);
  }
}
