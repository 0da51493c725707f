import type { ByteBudget } from './budget.ts';

/** What many small parts are first put together in, in bytes. */
const FIRST_BYTES = 64 * 1024;

/**
 * Bytes that come in parts, in one buffer whatever the parts: a part of one byte takes one byte. What it holds is taken from a budget, and
 * given back by {@link GrowingBuffer.release}.
 */
export class GrowingBuffer {
  readonly #limit: number;
  readonly #budget: Pick<ByteBudget, 'take' | 'give'>;
  #buffer: Buffer | undefined;
  #length = 0;
  #taken = 0;

  /** @param limit bytes that come at most; the buffer never has more */
  constructor(limit: number, budget: Pick<ByteBudget, 'take' | 'give'>) {
    this.#limit = limit;
    this.#budget = budget;
  }

  /** Bytes that have come. */
  get length(): number {
    return this.#length;
  }

  /** Bytes that are taken from the budget for it. */
  get taken(): number {
    return this.#taken;
  }

  /** Adds a part; it is kept as it is when it is the first. False, and nothing is added, when the budget has no room for it. */
  append(part: Buffer): boolean {
    const after = this.#length + part.length;
    if (this.#buffer === undefined) {
      if (!this.#take(part.length)) return false;
      this.#buffer = part;
    } else {
      if (after > this.#buffer.length && !this.#grow(after)) return false;
      part.copy(this.#buffer, this.#length);
    }
    this.#length = after;
    return true;
  }

  /** All that has come; a view, not a copy. */
  bytes(): Buffer {
    return this.#buffer?.subarray(0, this.#length) ?? Buffer.alloc(0);
  }

  /** Lets the bytes go. Idempotent. */
  release(): void {
    this.#budget.give(this.#taken);
    this.#taken = 0;
    this.#buffer = undefined;
    this.#length = 0;
  }

  /** Doubles, so that all the copying together costs as much as what has come. */
  #grow(needed: number): boolean {
    const size = Math.max(needed, Math.min(this.#limit, Math.max(2 * needed, FIRST_BYTES)));
    if (!this.#take(size - this.#taken)) return false;
    const larger = Buffer.allocUnsafeSlow(size);
    this.#buffer?.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
    return true;
  }

  #take(bytes: number): boolean {
    if (!this.#budget.take(bytes)) return false;
    this.#taken += bytes;
    return true;
  }
}
