const SLOTS = 1 << 16;
const MOST = 0xff;

/**
 * Estimates how often something was asked for lately, without keeping what it was: a count-min sketch of two rows, halved after
 * every 65,536 notes so that what is long ago counts less. Estimates are never too low but for the halving.
 */
export class Frequency {
  readonly #first = new Uint8Array(SLOTS);
  readonly #second = new Uint8Array(SLOTS);
  #notes = 0;

  /** Notes one more request and returns the estimate with it, 1 to 255. @param print from {@link fingerprint} */
  note(print: number): number {
    this.#notes += 1;
    if (this.#notes >= SLOTS) this.#halve();
    return Math.min(raise(this.#first, print & 0xffff), raise(this.#second, print >>> 16));
  }

  /** 0 = not asked for lately */
  estimate(print: number): number {
    return Math.min(this.#first[print & 0xffff]!, this.#second[print >>> 16]!);
  }

  #halve(): void {
    this.#notes = 0;
    for (const row of [this.#first, this.#second]) for (let at = 0; at < SLOTS; at++) row[at]! >>= 1;
  }
}

/** 32 bits of a text (FNV-1a, and a last mixing so that both halves are good). */
export function fingerprint(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}

function raise(row: Uint8Array, at: number): number {
  const count = row[at]!;
  if (count === MOST) return MOST;
  row[at] = count + 1;
  return count + 1;
}
