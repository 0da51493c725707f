import type { Json } from '../../../json/json.ts';
import { AttributeIndex } from './attribute-index.ts';
import { type Match, NO_MATCH, UNKNOWN } from './match.ts';
import type { Probes } from './probes.ts';
import type { Run } from './run.ts';

/** Tells whether the context of a run satisfies a condition. */
export type Condition = (run: Run) => Match;

/** The same in steps that are short for a context of any size. */
export type ConditionSteps = (run: Run) => Generator<void, Match>;

/** A condition that can be answered together with others on the same attribute. */
export interface Indexable {
  /** Slot of the attribute. */
  readonly attribute: number;
  readonly probes: Probes;
  readonly negate: boolean;
}

// Longer lists get no shared id: their names would cost more than they save.
const MAX_SHARED_VALUES = 64;

/**
 * Numbers the conditions of all flags and segments, so that each distinct one is evaluated once per run, and answers
 * most of them for all flags at once, with a few lookups per attribute. A number is never used again: an older snapshot
 * may still hold it.
 */
export class ConditionTable {
  readonly #conditions: Condition[] = [];
  readonly #uses: number[] = [];
  readonly #names: (string | undefined)[] = [];
  readonly #indexed: (Indexable | undefined)[] = [];
  /** Of those that may take long. */
  readonly #steps = new Map<number, ConditionSteps>();
  /** How often ids were given back. */
  #releases = 0;
  readonly #idByName = new Map<string, number>();
  readonly #indexes = new Map<number, AttributeIndex>();
  #template = new Uint8Array(256);
  #weight = 0;

  /** How many ids were given. */
  get size(): number {
    return this.#conditions.length;
  }

  /** Grows with the memory that all conditions hold, used or not. */
  get weight(): number {
    return this.#weight;
  }

  /** The condition of an id. */
  condition(id: number): Condition {
    return this.#conditions[id]!;
  }

  /**
   * The id of a condition. Conditions of the same `name` are the same; undefined = of its own. `values` is how many
   * values it holds.
   */
  add(
    name: string | undefined,
    values: number,
    condition: Condition,
    indexable?: Indexable,
    steps?: ConditionSteps,
  ): number {
    const known = name === undefined ? undefined : this.#idByName.get(name);
    if (known !== undefined) {
      this.#uses[known]!++;
      return known;
    }
    const id = this.#conditions.length;
    const { attribute, probes, negate } = indexable ?? {};
    const isIndexed =
      attribute !== undefined && probes !== undefined && this.#indexOf(attribute).add(id, probes, negate === true);
    this.#conditions.push(condition);
    this.#uses.push(1);
    this.#names.push(name);
    this.#indexed.push(isIndexed ? indexable : undefined);
    if (steps !== undefined) this.#steps.set(id, steps);
    this.#weight += 1 + values;
    if (name !== undefined) this.#idByName.set(name, id);
    this.#setTemplate(id, isIndexed ? NO_MATCH : UNKNOWN);
    return id;
  }

  /** Gives ids back that an item used. Unused ones leave the index; data that still use them evaluate them one by one. */
  release(ids: readonly number[]): void {
    this.#releases++;
    for (const id of ids) {
      this.#uses[id]!--;
      if (this.#uses[id]! > 0) continue;
      const name = this.#names[id];
      if (name !== undefined) this.#idByName.delete(name);
      const indexed = this.#indexed[id];
      if (indexed !== undefined) this.#indexOf(indexed.attribute).remove(id, indexed.probes, indexed.negate);
      this.#indexed[id] = undefined;
      this.#steps.delete(id);
      this.#setTemplate(id, UNKNOWN);
    }
  }

  #setTemplate(id: number, value: number): void {
    if (id >= this.#template.length) {
      const larger = new Uint8Array(this.#template.length * 2);
      larger.set(this.#template);
      this.#template = larger;
    }
    this.#template[id] = value;
  }

  #indexOf(attribute: number): AttributeIndex {
    const known = this.#indexes.get(attribute);
    if (known !== undefined) return known;
    const index = new AttributeIndex(attribute);
    this.#indexes.set(attribute, index);
    return index;
  }

  /**
   * Starts a memo of results for a run; a larger one is returned when it is too small. With `answered` it is one that
   * {@link answer} is going to complete, else nothing is known.
   */
  begin(memo: Uint8Array<ArrayBuffer>, answered: boolean): Uint8Array<ArrayBuffer> {
    const fresh = memo.length < this.#template.length ? new Uint8Array(this.#template.length) : memo;
    if (answered) fresh.set(this.#template);
    else fresh.fill(UNKNOWN);
    return fresh;
  }

  /** The steps of a condition that may take long. */
  steps(id: number): ConditionSteps | undefined {
    return this.#steps.get(id);
  }

  /**
   * As {@link answer} in short steps. Ids may be given back between them, and what is no longer indexed is not answered: then nothing is known, and
   * each condition answers for itself.
   */
  *answerInSteps(memo: Uint8Array, run: Run): Generator<void, void> {
    const releases = this.#releases;
    for (const index of [...this.#indexes.values()]) {
      const value = run.value(index.attribute);
      if (value !== undefined) yield* index.answerInSteps(value, memo);
      yield;
    }
    if (this.#releases !== releases) memo.fill(UNKNOWN);
  }

  /** Answers all indexed conditions for the run's context. */
  answer(memo: Uint8Array, run: Run): void {
    for (const index of this.#indexes.values()) {
      const value = run.value(index.attribute);
      if (value !== undefined) index.answer(value, memo);
    }
  }
}

/** The name under which a condition is shared; undefined when it is too long to be. */
export function conditionName(
  attribute: number,
  op: string,
  negate: boolean,
  values: readonly Json[],
): string | undefined {
  return values.length > MAX_SHARED_VALUES ? undefined : JSON.stringify([attribute, op, negate, values]);
}
