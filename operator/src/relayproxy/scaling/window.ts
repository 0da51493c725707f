/**
 * What was recommended during a window of time, newest last. An entry counts until the next one came, and for a window
 * longer; one that a later entry is not below can never be the highest again and is left out.
 */
export type Window = readonly Entry[];

interface Entry {
  readonly replicas: number;
  /** ms; when another number was recommended instead. Infinity for the newest. */
  readonly until: number;
}

/** A window that begins now: the number in force counts as what was recommended before. */
export function openWindow(replicas: number, now: number): Window {
  return [{ replicas, until: now }];
}

/** The window after another recommendation; times in ms. */
export function recommended(window: Window, replicas: number, now: number, lengthMs: number): Window {
  const closed = window.map((entry) => (entry.until > now ? { ...entry, until: now } : entry));
  const counting = closed.filter((entry) => entry.until + lengthMs > now && entry.replicas > replicas);
  return [...counting, { replicas, until: Number.POSITIVE_INFINITY }];
}

/** The highest recommendation that still counts. */
export function highest(window: Window): number {
  return Math.max(...window.map((entry) => entry.replicas));
}

/** When the highest one stops to count, in ms; undefined when that is the newest. */
export function highestUntil(window: Window, lengthMs: number): number | undefined {
  const [first] = window;
  return first === undefined || first.until === Number.POSITIVE_INFINITY ? undefined : first.until + lengthMs;
}
