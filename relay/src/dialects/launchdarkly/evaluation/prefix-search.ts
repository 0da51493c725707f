/** No other text. */
const NONE = -1;

/**
 * Finds which of many texts a value begins with, or ends with, by a binary search: in time that grows with the logarithm of how many texts
 * there are.
 */
export class PrefixSearch {
  /** Ascending. */
  readonly #texts: readonly string[];
  /** By text: where it was in the list that was given. */
  readonly #indexes: readonly number[];
  /** By text: the longest of the others that it begins with. */
  readonly #parents: Int32Array;
  /** The units that count when ends are looked at, which are compared backwards; 0 = beginnings are looked at. */
  readonly #tail: number;

  /**
   * @param texts distinct
   * @param atEnd looks at the ends of values instead of their beginnings
   */
  constructor(texts: readonly string[], atEnd = false) {
    const given = texts.map((text, index) => ({ text: atEnd ? backwards(text) : text, index }));
    const sorted = given.sort((a, b) => (a.text < b.text ? -1 : 1));
    this.#texts = sorted.map(({ text }) => text);
    this.#indexes = sorted.map(({ index }) => index);
    this.#tail = atEnd ? Math.max(0, ...texts.map((text) => text.length)) : 0;
    this.#parents = new Int32Array(texts.length).fill(NONE);
    // Those that the text at hand begins with are the last ones before it that nothing has ended.
    const open: number[] = [];
    this.#texts.forEach((text, at) => {
      while (open.length > 0 && !text.startsWith(this.#texts[open.at(-1)!]!)) open.pop();
      this.#parents[at] = open.at(-1) ?? NONE;
      open.push(at);
    });
  }

  /** The longest text that a value begins with; the others are its parents. */
  #longest(value: string): number {
    const texts = this.#texts;
    let low = 0;
    let high = texts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (texts[middle]! <= value) low = middle + 1;
      else high = middle;
    }
    // Whatever lies between a beginning of the value and the value itself begins with it, too.
    let at = low - 1;
    while (at >= 0 && !value.startsWith(texts[at]!)) at = this.#parents[at]!;
    return at;
  }

  #probe(value: string): number {
    return this.#longest(this.#tail === 0 ? value : backwards(value.slice(-this.#tail)));
  }

  /** Whether any of the texts is there. */
  any(value: string): boolean {
    return this.#probe(value) >= 0;
  }

  /** Calls `visit` with the index of each text that is there. */
  each(value: string, visit: (index: number) => void): void {
    for (let at = this.#probe(value); at >= 0; at = this.#parents[at]!) visit(this.#indexes[at]!);
  }
}

/** By UTF-16 units: halves of surrogate pairs change places, in the texts as in the values. */
function backwards(text: string): string {
  let out = '';
  for (let at = text.length - 1; at >= 0; at--) out += text.charAt(at);
  return out;
}
