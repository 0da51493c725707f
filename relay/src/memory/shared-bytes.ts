import { ByteBudget } from './budget.ts';

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
