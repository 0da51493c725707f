import type { Clock } from '../clock.ts';

/** A clock that a test turns by hand. */
export interface FakeClock extends Clock {
  /** Moves both clocks on, firing each timer at its time and letting promises settle in between. */
  advance(ms: number): Promise<void>;
  /** Lets time pass without any timer firing: a process that is stopped. Timers fire at the next `advance`. */
  freeze(ms: number): void;
  /** Moves the wall clock alone, as a suspended machine or an administrator does. */
  jumpWall(ms: number): void;
  /** Timers that have not fired. */
  readonly pending: number;
}

/** Lets everything that only waits for promises go on. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** A clock that stands at 0 (monotonic) and at 2026-01-01 (wall). */
export function createFakeClock(): FakeClock {
  let mono = 0;
  let wall = Date.parse('2026-01-01T00:00:00Z');
  const timers = new Set<{ at: number; callback: () => void }>();

  function nextDue(until: number) {
    return [...timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
  }

  return {
    now: () => mono,
    wallNow: () => wall,
    after(ms, callback) {
      const timer = { at: mono + Math.max(0, ms), callback };
      timers.add(timer);
      return { cancel: () => void timers.delete(timer) };
    },
    async advance(ms) {
      const until = mono + ms;
      await settle();
      for (let timer = nextDue(until); timer; timer = nextDue(until)) {
        timers.delete(timer);
        const step = Math.max(0, timer.at - mono);
        mono += step;
        wall += step;
        timer.callback();
        await settle();
      }
      wall += until - mono;
      mono = until;
    },
    freeze(ms) {
      mono += ms;
      wall += ms;
    },
    jumpWall(ms) {
      wall += ms;
    },
    get pending() {
      return timers.size;
    },
  };
}
