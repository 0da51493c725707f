import { jobEvery } from '../jobs/jobs.ts';

/** A set of entries that are visited once per interval, spread over it: one timer for all of them. */
export interface Wheel<T> {
  /** Adds an entry; it is first visited after a part of the interval that depends on when others came (contract 2.1: random phase). */
  add(entry: T): WheelSlot<T>;
  /** Stops visiting. */
  close(): void;
}

/** Where an entry sits; `delete` takes it out. */
export type WheelSlot<T> = Pick<Set<T>, 'delete'>;

const MAX_SLOTS = 64;
const MIN_TICK_MS = 25;

/**
 * Visits each entry every `intervalMs`. With thousands of streams a timer each would cost memory and wake-ups; a wheel
 * has one timer and sends a sixty-fourth of the heartbeats per tick.
 */
export function createWheel<T>(intervalMs: number, visit: (entry: T) => void): Wheel<T> {
  const count = Math.max(1, Math.min(MAX_SLOTS, Math.floor(intervalMs / MIN_TICK_MS)));
  const slots = Array.from({ length: count }, () => new Set<T>());
  let hand = 0;
  let next = 0;
  const timer = jobEvery('heartbeat', intervalMs / count, () => {
    const slot = slots[hand]!;
    hand = (hand + 1) % count;
    for (const entry of slot) visit(entry);
  });
  timer.unref();
  return {
    add(entry) {
      const slot = slots[next]!;
      next = (next + 1) % count;
      slot.add(entry);
      return slot;
    },
    close: () => clearInterval(timer),
  };
}
