import type { Clock } from '@flagrelay/kube/clock';

/** Time that passes only when a test says so. */
export interface FakeTime {
  readonly now: number;
  /** The clock of one process, which can be frozen: what it waits for is over, but it learns of that only later. */
  process(): Clock & { freeze(): void; thaw(): void };
  /** Lets time pass; `look` is called each time something has happened. */
  advance(ms: number, look?: () => void): Promise<void>;
}

interface Timer {
  readonly at: number;
  readonly frozen: () => boolean;
  readonly fire: () => void;
}

/** Starts at 0. */
export function createFakeTime(): FakeTime {
  let now = 0;
  const timers = new Set<Timer>();
  const settle = () => new Promise((resolve) => setImmediate(resolve));

  const next = (until: number): Timer | undefined =>
    [...timers].filter((timer) => timer.at <= until && !timer.frozen()).sort((a, b) => a.at - b.at)[0];

  return {
    get now() {
      return now;
    },
    process() {
      let frozen = false;
      return {
        now: () => now,
        wallNow: () => now,
        after: (ms, callback) => {
          const fire = () => {
            timers.delete(timer);
            callback();
          };
          const timer = { at: now + Math.max(ms, 1), frozen: () => frozen, fire };
          timers.add(timer);
          return { cancel: () => void timers.delete(timer) };
        },
        freeze: () => {
          frozen = true;
        },
        thaw: () => {
          frozen = false;
        },
      };
    },
    async advance(ms, look = () => undefined) {
      const until = now + ms;
      await settle();
      look();
      for (let timer = next(until); timer !== undefined; timer = next(until)) {
        // A thawed process finds timers of the past.
        now = Math.max(now, timer.at);
        look();
        timer.fire();
        await settle();
        look();
      }
      now = until;
      look();
    },
  };
}
