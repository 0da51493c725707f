/** Least time between two steps, in ms. */
const STEP_MS = 50;

/**
 * Does something to each item, in order and spread evenly over `overMs`; resolves when the last one was done, or as soon as
 * the signal aborts.
 */
export async function stagger<T>(
  items: readonly T[],
  overMs: number,
  act: (item: T) => void,
  signal?: AbortSignal,
): Promise<void> {
  const steps = Math.min(items.length, Math.max(1, Math.floor(overMs / STEP_MS)));
  for (let step = 0; step < steps; step++) {
    if (step > 0) await pause(overMs / steps, signal);
    if (signal?.aborted) return;
    const from = Math.floor((items.length * step) / steps);
    const to = Math.floor((items.length * (step + 1)) / steps);
    for (const item of items.slice(from, to)) act(item);
  }
}

/** So many of the items, each equally likely, in random order. `random`: 0 <= x < 1. */
export function sample<T>(items: Iterable<T>, count: number, random: () => number): T[] {
  const pool = [...items];
  const wanted = Math.min(count, pool.length);
  for (let at = 0; at < wanted; at++) {
    const other = at + Math.floor(random() * (pool.length - at));
    [pool[at], pool[other]] = [pool[other] as T, pool[at] as T];
  }
  return pool.slice(0, wanted);
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
    if (signal?.aborted) done();
  });
}
