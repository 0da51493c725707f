import { ByteBudget } from './budget.ts';

/** For whom bytes are taken. */
export interface Taker {
  /** Whose data it is about: one environment. */
  readonly owner: object;
  /** Came with a key that is no secret (a mobile key, a client-side ID), or with none. */
  readonly isPublic: boolean;
}

/** What one taker may have of a {@link FairBytes}. */
export interface FairRoom extends Taker {
  /** Bytes that are taken now. */
  readonly used: number;
  /** The most bytes that it can ever have: what it may have while nobody else has any. */
  readonly limit: number;
  /** Whether so many bytes could be taken now. */
  fits(bytes: number): boolean;
  /** Takes bytes; false, and nothing is taken, where they do not fit. */
  take(bytes: number): boolean;
  give(bytes: number): void;
}

/** Of the whole, for all who came with public keys together: who holds those of all tenants leaves the rest to servers. */
export const PUBLIC_PART = 3 / 4;
/** A taker may have so many times what is left free. */
const TIMES_FREE = 3;

/**
 * A budget that nobody can take alone. All takers with public keys together have three quarters of it at most; and each environment, with
 * public keys and with secret ones apart, has three times of what is left free at most: one alone three quarters, of n that want all
 * they can get each 3/(3n+1), and the next one who comes still finds room.
 */
export class FairBytes {
  readonly #all: ByteBudget;
  readonly #public: ByteBudget;
  readonly #rooms = { public: new WeakMap<object, FairRoom>(), secret: new WeakMap<object, FairRoom>() };
  #refused = 0;

  constructor(limit: number) {
    this.#all = new ByteBudget(limit);
    this.#public = new ByteBudget(Math.floor(limit * PUBLIC_PART));
  }

  /** Bytes that may be held at a time. */
  get limit(): number {
    return this.#all.limit;
  }

  /** Bytes that are held now. */
  get used(): number {
    return this.#all.used;
  }

  /** How often bytes were asked for in vain. */
  get refused(): number {
    return this.#refused;
  }

  /** The room of a taker: the same one each time. */
  roomOf({ owner, isPublic }: Taker): FairRoom {
    const rooms = isPublic ? this.#rooms.public : this.#rooms.secret;
    let room = rooms.get(owner);
    if (room === undefined) {
      room = this.#room(owner, isPublic);
      rooms.set(owner, room);
    }
    return room;
  }

  #room(owner: object, isPublic: boolean): FairRoom {
    const all = this.#all;
    const pool = isPublic ? this.#public : all;
    let used = 0;
    const fits = (bytes: number): boolean =>
      bytes === 0 || (used + bytes <= TIMES_FREE * (pool.limit - pool.used - bytes) && all.used + bytes <= all.limit);
    const give = (bytes: number): void => {
      used -= bytes;
      all.give(bytes);
      if (isPublic) pool.give(bytes);
    };
    return {
      owner,
      isPublic,
      get used() {
        return used;
      },
      limit: Math.floor((pool.limit * TIMES_FREE) / (TIMES_FREE + 1)),
      fits,
      take: (bytes) => {
        if (!fits(bytes)) {
          this.#refused += 1;
          return false;
        }
        used += bytes;
        all.take(bytes);
        if (isPublic) pool.take(bytes);
        return true;
      },
      give,
    };
  }
}
