/**
 * A bound in bytes over many holders together: whoever wants to hold bytes takes them first, and gives them back when it lets them go.
 * It never waits: what does not fit is refused, and the holder answers 503 or drops.
 */
export class ByteBudget {
  /** Bytes that may be held at a time. */
  readonly limit: number;
  #used = 0;
  #peak = 0;
  #refused = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Bytes that are held now. */
  get used(): number {
    return this.#used;
  }

  /** The most bytes that were ever held at a time. */
  get peak(): number {
    return this.#peak;
  }

  /** How often bytes were asked for and refused. */
  get refused(): number {
    return this.#refused;
  }

  /** Takes bytes; false, and nothing is taken, where they do not fit. */
  take(bytes: number): boolean {
    const after = this.#used + bytes;
    if (after > this.limit) {
      this.#refused += 1;
      return false;
    }
    this.#used = after;
    if (after > this.#peak) this.#peak = after;
    return true;
  }

  /** Gives back bytes that were taken. */
  give(bytes: number): void {
    this.#used -= bytes;
  }
}
