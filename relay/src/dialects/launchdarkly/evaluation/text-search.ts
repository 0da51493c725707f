/** No text ends here. */
const NOTHING = -1;
const ROOT = 0;

/**
 * Finds which of many texts are in a value, in time that grows with the value's length and not with how many texts there are (Aho and
 * Corasick). Works on UTF-16 units as `String.includes` does.
 */
export class TextSearch {
  // Transitions in a hash table with open addressing: from a node by a unit to a node. 0 = free, as nothing leads to the root.
  readonly #from: Int32Array;
  readonly #unit: Uint16Array;
  readonly #to: Int32Array;
  readonly #mask: number;
  /** Where to go on when a node has no transition: the longest end of its text that is a node. */
  readonly #fail: Int32Array;
  /** Which text ends at a node. */
  readonly #ends: Int32Array;
  /** The next node on the way of failing at which a text ends; {@link ROOT} = none. */
  readonly #next: Int32Array;
  /** The last search that came by a node at which a text ends. */
  readonly #visited: Int32Array;
  #search = 0;
  #nodes = 1;

  /** @param texts distinct */
  constructor(texts: readonly string[]) {
    const units = texts.reduce((sum, text) => sum + text.length, 0);
    const slots = 2 ** Math.ceil(Math.log2(2 * units + 2));
    this.#mask = slots - 1;
    this.#from = new Int32Array(slots);
    this.#unit = new Uint16Array(slots);
    this.#to = new Int32Array(slots);
    this.#fail = new Int32Array(units + 1);
    this.#ends = new Int32Array(units + 1).fill(NOTHING);
    this.#next = new Int32Array(units + 1);
    this.#visited = new Int32Array(units + 1);
    this.#link(texts.map((text, index) => this.#plant(text, index)));
  }

  #slot(node: number, unit: number): number {
    let hash = Math.imul(node, 0x9e3779b1) ^ Math.imul(unit, 0x85ebca6b);
    hash ^= hash >>> 15;
    let slot = hash & this.#mask;
    while (this.#to[slot] !== ROOT && (this.#from[slot] !== node || this.#unit[slot] !== unit)) {
      slot = (slot + 1) & this.#mask;
    }
    return slot;
  }

  /** Enters a text; returns the nodes on its way. */
  #plant(text: string, index: number): number[] {
    const way: number[] = [];
    let node = ROOT;
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      const slot = this.#slot(node, unit);
      if (this.#to[slot] === ROOT) {
        this.#from[slot] = node;
        this.#unit[slot] = unit;
        this.#to[slot] = this.#nodes++;
      }
      node = this.#to[slot]!;
      way.push(unit, node);
    }
    this.#ends[node] = index;
    return way;
  }

  /** Finds where each node fails to, the shorter ones first. */
  #link(ways: readonly (readonly number[])[]): void {
    const longest = ways.reduce((most, way) => Math.max(most, way.length), 0);
    for (let at = 0; at < longest; at += 2) {
      for (const way of ways) {
        if (at >= way.length) continue;
        const node = way[at + 1]!;
        const fail = at === 0 ? ROOT : this.#step(this.#fail[way[at - 1]!]!, way[at]!);
        this.#fail[node] = fail;
        this.#next[node] = this.#ends[fail] === NOTHING ? this.#next[fail]! : fail;
      }
    }
  }

  #step(from: number, unit: number): number {
    let node = from;
    for (;;) {
      const to = this.#to[this.#slot(node, unit)]!;
      if (to !== ROOT || node === ROOT) return to;
      node = this.#fail[node]!;
    }
  }

  /** Whether any of the texts is in a value. */
  any(value: string): boolean {
    if (this.#ends[ROOT] !== NOTHING) return true;
    let node = ROOT;
    for (let at = 0; at < value.length; at++) {
      node = this.#step(node, value.charCodeAt(at));
      if (this.#ends[node] !== NOTHING || this.#next[node] !== ROOT) return true;
    }
    return false;
  }

  /** Calls `visit` with the index of each text that is in a value, once. */
  each(value: string, visit: (index: number) => void): void {
    const search = ++this.#search;
    if (this.#ends[ROOT] !== NOTHING) visit(this.#ends[ROOT]!);
    let node = ROOT;
    for (let at = 0; at < value.length; at++) {
      node = this.#step(node, value.charCodeAt(at));
      let end = this.#ends[node] === NOTHING ? this.#next[node]! : node;
      // Where one was visited, all behind it were.
      while (end !== ROOT && this.#visited[end] !== search) {
        this.#visited[end] = search;
        visit(this.#ends[end]!);
        end = this.#next[end]!;
      }
    }
  }
}
