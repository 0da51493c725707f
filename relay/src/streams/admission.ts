import { jobAfter } from '../jobs/jobs.ts';

/** A place in the queue for the first payload of a stream. */
export interface Ticket {
  /** Calls `enter` when it is this stream's turn; `done` must be called when the payload has left or the connection closed. */
  turn(enter: (done: () => void) => void): void;
  /** The client went away before its turn. */
  cancel(): void;
}

/** Lets a limited number of streams be sent their first payload at a time (contract 11.1, storm control). */
export interface Admission {
  /** A ticket, or undefined when nobody may wait any more. */
  admit(): Ticket | undefined;
}

/** Limits of {@link createAdmission}. */
export interface AdmissionOptions {
  /** How many at a time; 0 = no limit. */
  readonly maxConcurrent: number;
  /** How many may wait; more are shed. */
  readonly maxQueued: number;
  /** ms after which a place is free again although its client has not read the payload */
  readonly sendTimeoutMs: number;
}

const OPEN_DOOR: Ticket = { turn: (enter) => enter(() => {}), cancel: () => {} };

type Waiter = { enter: ((done: () => void) => void) | undefined };

/** Makes the gate for reconnect storms: places for `maxConcurrent`, a queue for `maxQueued`, nothing for the rest. */
export function createAdmission(options: AdmissionOptions): Admission {
  if (options.maxConcurrent === 0) return { admit: () => OPEN_DOOR };
  const queue = new Set<Waiter>();
  let active = 0;

  function start(enter: (done: () => void) => void): void {
    let left = false;
    const leave = () => {
      if (left) return;
      left = true;
      clearTimeout(timer);
      active--;
      next();
    };
    const timer = jobAfter('admission', options.sendTimeoutMs, leave);
    timer.unref();
    enter(leave);
  }

  function next(): void {
    for (const waiter of queue) {
      if (waiter.enter === undefined || active >= options.maxConcurrent) continue;
      queue.delete(waiter);
      active++;
      start(waiter.enter);
    }
  }

  return {
    admit() {
      if (active < options.maxConcurrent) {
        active++;
        let used = false;
        return {
          turn(enter) {
            used = true;
            start(enter);
          },
          cancel() {
            if (used) return;
            used = true;
            active--;
            next();
          },
        };
      }
      if (queue.size >= options.maxQueued) return undefined;
      const waiter: Waiter = { enter: undefined };
      queue.add(waiter);
      return {
        turn(enter) {
          waiter.enter = enter;
          next();
        },
        cancel: () => void queue.delete(waiter),
      };
    },
  };
}
