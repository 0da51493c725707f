import { jobAfter, jobEvery } from '../jobs/jobs.ts';

/** What a stream does when its turn has come. */
export type Enter = (done: () => void, waited: boolean) => void;

/** A place in the queue for the first payload of a stream. */
export interface Ticket {
  /**
   * Calls `enter` when it is this stream's turn, at once if it is now; `done` must be called when the payload has left or the connection
   * closed. `waited`: it was not at once, so that anything may have happened meanwhile.
   * @param pending bytes that wait for the client: a client that hardly reads gives its place up
   */
  turn(enter: Enter, pending?: () => number): void;
  /** The client went away before its turn. */
  cancel(): void;
}

/** Lets a limited number of streams and polls be sent a whole data set at a time (contract 11.1, storm control). */
export interface Admission {
  /** There is a limit: otherwise everybody enters at once. */
  readonly limited: boolean;
  /** Places that are taken now. */
  readonly held: number;
  /** Streams and polls that wait for a place now. */
  readonly waiting: number;
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
  /** How often it is looked whether clients read, in ms; for tests. */
  readonly stallMs?: number;
}

/** How often, in ms, it is looked whether clients with a place read. */
const STALL_MS = 5_000;
/** Bytes that a client has to read in that time to keep its place. */
const STALL_BYTES = 64 * 1024;

const OPEN_DOOR: Ticket = { turn: (enter) => enter(() => {}, false), cancel: () => {} };

type Waiter = { enter: Enter | undefined; pending: (() => number) | undefined; waited: boolean };

/** Makes the gate for reconnect storms: places for `maxConcurrent`, a queue for `maxQueued`, nothing for the rest. */
export function createAdmission(options: AdmissionOptions): Admission {
  if (options.maxConcurrent === 0) return { limited: false, held: 0, waiting: 0, admit: () => OPEN_DOOR };
  const queue = new Set<Waiter>();
  let active = 0;

  function start(enter: Enter, pending: (() => number) | undefined, waited: boolean): void {
    let left = false;
    let watch: NodeJS.Timeout | undefined;
    const leave = () => {
      if (left) return;
      left = true;
      clearTimeout(timer);
      clearInterval(watch);
      active--;
      next();
    };
    const timer = jobAfter('admission', options.sendTimeoutMs, leave);
    timer.unref();
    enter(leave, waited);
    if (pending === undefined || left) return;
    let before = pending();
    watch = jobEvery('admission', options.stallMs ?? STALL_MS, () => {
      const now = pending();
      if (before - now < STALL_BYTES) leave();
      before = now;
    });
    watch.unref();
  }

  function next(): void {
    for (const waiter of queue) {
      if (waiter.enter === undefined || active >= options.maxConcurrent) continue;
      queue.delete(waiter);
      active++;
      start(waiter.enter, waiter.pending, waiter.waited);
    }
  }

  return {
    limited: true,
    get held() {
      return active;
    },
    get waiting() {
      return queue.size;
    },
    admit() {
      if (active < options.maxConcurrent) {
        active++;
        let used = false;
        return {
          turn(enter, pending) {
            used = true;
            start(enter, pending, false);
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
      const waiter: Waiter = { enter: undefined, pending: undefined, waited: false };
      queue.add(waiter);
      return {
        turn(enter, pending) {
          waiter.enter = enter;
          waiter.pending = pending;
          next();
          waiter.waited = true;
        },
        cancel: () => void queue.delete(waiter),
      };
    },
  };
}
