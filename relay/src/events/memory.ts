import { jobOnceSoon, runJob } from '../jobs/jobs.ts';
import { ByteBudget } from '../memory/budget.ts';
import { memoryLimitBytes } from '../memory/limit.ts';

/** By default this part of the process's memory is for events that wait, and no more than {@link MOST_BYTES}. */
const PART_OF_MEMORY = 1 / 8;
const MOST_BYTES = 128 * 1024 * 1024;
/** A relay with very little memory can still hold a few batches. */
const LEAST_BYTES = 8 * 1024 * 1024;
/** Of the whole, for the bodies of posts whose answer waits for room. */
const PART_OF_WAITING = 1 / 3;

/** The bound in bytes where none is configured. @param processes that share the memory limit */
export function defaultEventBytes(processes: number, memoryLimit = memoryLimitBytes()): number {
  return Math.floor(Math.min(MOST_BYTES, Math.max(LEAST_BYTES, (memoryLimit / processes) * PART_OF_MEMORY)));
}

/** What one holder has of a {@link SharedBytes}. */
export interface Share {
  readonly used: number;
  /** The most that it can ever have: what it may have while nobody else has anything. */
  readonly most: number;
  /** Whether so many bytes could be taken now. */
  fits(bytes: number): boolean;
  /** Takes bytes; false, and nothing is taken, where that would leave too little for others. */
  take(bytes: number): boolean;
  give(bytes: number): void;
}

/**
 * A budget that is shared fairly without a list of who shares it: nobody may have more than what is left free. One holder alone gets
 * half; n that want all they can get have 1/(n+1) each, and the same is left for the next one who comes. Who has more than that, from
 * a time with fewer others, gets nothing more until he has less.
 */
export class SharedBytes {
  readonly #budget: ByteBudget;
  readonly #freed: () => void;
  #refused = 0;

  /** @param freed is called whenever bytes were given back */
  constructor(limit: number, freed: () => void = () => {}) {
    this.#budget = new ByteBudget(limit);
    this.#freed = freed;
  }

  get limit(): number {
    return this.#budget.limit;
  }

  get used(): number {
    return this.#budget.used;
  }

  /** How often bytes were asked for in vain. */
  get refused(): number {
    return this.#refused;
  }

  /** A share for a new holder; it needs no end, it only has to give back what it took. */
  share(): Share {
    const budget = this.#budget;
    let used = 0;
    const fits = (bytes: number): boolean => used + bytes <= budget.limit - budget.used - bytes;
    return {
      fits,
      get used() {
        return used;
      },
      most: Math.floor(budget.limit / 2),
      take: (bytes) => {
        if (!fits(bytes) || !budget.take(bytes)) {
          this.#refused += 1;
          return false;
        }
        used += bytes;
        return true;
      },
      give: (bytes) => {
        if (bytes === 0) return;
        used -= bytes;
        budget.give(bytes);
        this.#freed();
      },
    };
  }
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
