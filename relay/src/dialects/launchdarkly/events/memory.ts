import { jobOnceSoon, runJob } from '../../../jobs/jobs.ts';
import { memoryLimitBytes } from '../../../memory/limit.ts';
import { SharedBytes } from '../../../memory/shared-bytes.ts';

/** By default this part of the process's memory is for events that wait, and no more than {@link MOST_BYTES}. */
const PART_OF_MEMORY = 1 / 8;
const MOST_BYTES = 128 * 1024 * 1024;
/** A relay with very little memory can still hold a few batches. */
const LEAST_BYTES = 8 * 1024 * 1024;
/** Of the whole, for the bodies of posts whose answer waits for room. */
const PART_OF_WAITING = 1 / 3;

/**
 * The bound in bytes where none is configured.
 * @param processes that share the memory limit
 * @param memory that this process may take, in bytes
 */
export function defaultEventBytes(processes: number, memory = memoryLimitBytes(undefined, processes)): number {
  return Math.floor(Math.min(MOST_BYTES, Math.max(LEAST_BYTES, memory * PART_OF_MEMORY)));
}

/** Somebody who wants to be told when there may be room again. */
export interface Hungry {
  serve(): void;
}

/**
 * The memory of everything of events that waits, of all environments, tags and clients together: what is queued, counted or on its way
 * upstream, what is remembered of contexts, and apart from these the bodies of posts whose answer waits until there is room.
 */
export class EventMemory {
  readonly queued: SharedBytes;
  readonly waiting: SharedBytes;
  readonly #wake: () => void;
  #hungry = new Set<Hungry>();

  /** @param bytes for all of it */
  constructor(bytes: number) {
    const waiting = Math.floor(bytes * PART_OF_WAITING);
    this.#wake = jobOnceSoon('events-room', () => this.#serve());
    this.queued = new SharedBytes(bytes - waiting, () => {
      if (this.#hungry.size > 0) this.#wake();
    });
    this.waiting = new SharedBytes(waiting);
  }

  get limit(): number {
    return this.queued.limit + this.waiting.limit;
  }

  get used(): number {
    return this.queued.used + this.waiting.used;
  }

  /** How often bytes were asked for in vain. */
  get refused(): number {
    return this.queued.refused + this.waiting.refused;
  }

  /** `serve` is called once after bytes were given back; those who have waited longest come first. */
  wakeWhenFreed(hungry: Hungry): void {
    this.#hungry.add(hungry);
  }

  /** Who has gone. */
  forget(hungry: Hungry): void {
    this.#hungry.delete(hungry);
  }

  #serve(): void {
    const hungry = this.#hungry;
    this.#hungry = new Set();
    for (const one of hungry) runJob('events-room', () => one.serve());
  }
}
