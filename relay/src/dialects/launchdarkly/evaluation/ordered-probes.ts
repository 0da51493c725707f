import { MATCH, NO_MATCH } from './match.ts';

/** How a value has to lie to a bound. */
export type Relation = 'less' | 'lessOrEqual' | 'equal' | 'greaterOrEqual' | 'greater';

/** A condition to be answered when a probe holds: its id, or the complement (`~`) of it when the condition is negated. */
export type Entry = number;

/** Writes what it means for conditions that a probe of theirs holds. */
export function hit(memo: Uint8Array, entries: readonly Entry[], from = 0, to: number = entries.length): void {
  for (let index = from; index < to; index++) {
    const entry = entries[index]!;
    if (entry >= 0) memo[entry] = MATCH;
    else memo[~entry] = NO_MATCH;
  }
}

/** Bounds in ascending order, each with a condition. */
class Bounds<T> {
  readonly #compare: (a: T, b: T) => number;
  readonly #bounds: T[] = [];
  readonly #entries: Entry[] = [];

  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare;
  }

  /** Index of the first bound that is not below `value`, or with `above` of the first that is above it. */
  #first(value: T, above: boolean): number {
    let low = 0;
    let high = this.#bounds.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const order = this.#compare(this.#bounds[middle]!, value);
      if (order < 0 || (above && order === 0)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  add(bound: T, entry: Entry): void {
    const at = this.#first(bound, true);
    this.#bounds.splice(at, 0, bound);
    this.#entries.splice(at, 0, entry);
  }

  remove(bound: T, entry: Entry): void {
    for (let at = this.#first(bound, false); at < this.#entries.length; at++) {
      if (this.#entries[at] !== entry) continue;
      this.#bounds.splice(at, 1);
      this.#entries.splice(at, 1);
      return;
    }
  }

  answer(relation: Relation, value: T, memo: Uint8Array): void {
    const entries = this.#entries;
    switch (relation) {
      case 'less':
        hit(memo, entries, this.#first(value, true));
        break;
      case 'lessOrEqual':
        hit(memo, entries, this.#first(value, false));
        break;
      case 'equal':
        hit(memo, entries, this.#first(value, false), this.#first(value, true));
        break;
      case 'greaterOrEqual':
        hit(memo, entries, 0, this.#first(value, true));
        break;
      case 'greater':
        hit(memo, entries, 0, this.#first(value, false));
    }
  }
}

/**
 * Conditions that compare an attribute with a bound. One binary search per relation finds all that hold for a value.
 */
export class OrderedProbes<T> {
  readonly #compare: (a: T, b: T) => number;
  readonly #relations: { readonly relation: Relation; readonly bounds: Bounds<T> }[] = [];

  /** @param compare negative, zero or positive */
  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare;
  }

  #boundsOf(relation: Relation): Bounds<T> {
    let found = this.#relations.find((one) => one.relation === relation);
    if (found === undefined) {
      found = { relation, bounds: new Bounds(this.#compare) };
      this.#relations.push(found);
    }
    return found.bounds;
  }

  /** True until the first is added. */
  get empty(): boolean {
    return this.#relations.length === 0;
  }

  add(relation: Relation, bound: T, entry: Entry): void {
    this.#boundsOf(relation).add(bound, entry);
  }

  remove(relation: Relation, bound: T, entry: Entry): void {
    this.#boundsOf(relation).remove(bound, entry);
  }

  /** Writes the results of the conditions that a value satisfies. */
  answer(value: T, memo: Uint8Array): void {
    for (const { relation, bounds } of this.#relations) bounds.answer(relation, value, memo);
  }

  /** Writes the results of the conditions that any of several values satisfies, but for those that ask for an equal one. */
  answerEnds(least: T, greatest: T, memo: Uint8Array): void {
    for (const { relation, bounds } of this.#relations) {
      if (relation === 'less' || relation === 'lessOrEqual') bounds.answer(relation, least, memo);
      else if (relation !== 'equal') bounds.answer(relation, greatest, memo);
    }
  }

  /** Writes the results of the conditions that ask for an equal value. */
  answerEqual(value: T, memo: Uint8Array): void {
    for (const { relation, bounds } of this.#relations) if (relation === 'equal') bounds.answer(relation, value, memo);
  }
}
