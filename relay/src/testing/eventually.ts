import { setTimeout as pause } from 'node:timers/promises';

/**
 * Runs `check` again and again until it returns without throwing, for effects that announce themselves nowhere.
 * @param timeoutMs when to give up and throw what `check` threw last
 */
export async function eventually<T>(check: () => T | Promise<T>, timeoutMs = 10_000): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await pause(20);
    }
  }
}
