import type { Json } from '../model/json.ts';
import { MATCH, type Match, NO_MATCH, UNKNOWN } from './match.ts';
import type { Run } from './run.ts';

/** Tells whether the context of a run satisfies a condition. */
export type Condition = (run: Run) => Match;

/** A condition of the form "this attribute has one of these values". */
export interface Membership {
  /** Slot of the attribute. */
  readonly attribute: number;
  /** Strings, numbers and booleans only. */
  readonly values: readonly Json[];
  readonly negate: boolean;
}

/** The membership conditions on one attribute, by the values that they ask for. */
class MembershipIndex {
  readonly attribute: number;
  readonly #byValue = new Map<Json, number | number[]>();
  /** Conditions that any other value satisfies. */
  readonly #negated = new Set<number>();

  constructor(attribute: number) {
    this.attribute = attribute;
  }

  add(id: number, { values, negate }: Membership): void {
    if (negate) this.#negated.add(id);
    for (const value of values) {
      const known = this.#byValue.get(value);
      if (known === undefined) this.#byValue.set(value, id);
      else if (typeof known === 'number') this.#byValue.set(value, [known, id]);
      else known.push(id);
    }
  }

  remove(id: number, { values }: Membership): void {
    this.#negated.delete(id);
    for (const value of values) {
      const known = this.#byValue.get(value);
      if (known === undefined) continue;
      const rest = (typeof known === 'number' ? [known] : known).filter((other) => other !== id);
      if (rest.length === 0) this.#byValue.delete(value);
      else this.#byValue.set(value, rest.length === 1 ? rest[0]! : rest);
    }
  }

  /** Writes the results of all conditions for an attribute's value; those that it does not touch are NO_MATCH. */
  answer(value: Json, memo: Uint8Array): void {
    for (const id of this.#negated) memo[id] = MATCH;
    if (!Array.isArray(value)) this.#hit(value, memo);
    else for (const element of value) this.#hit(element, memo);
  }

  #hit(value: Json, memo: Uint8Array): void {
    const ids = this.#byValue.get(value);
    if (ids === undefined) return;
    if (typeof ids === 'number') {
      memo[ids] = this.#negated.has(ids) ? NO_MATCH : MATCH;
    } else {
      for (let index = 0; index < ids.length; index++) {
        const id = ids[index]!;
        memo[id] = this.#negated.has(id) ? NO_MATCH : MATCH;
      }
    }
  }
}

// Longer lists get neither a shared id nor a place in the index: their keys would cost more than they save.
const MAX_SHARED_VALUES = 64;

/**
 * Numbers the conditions of all flags and segments, so that each distinct one is evaluated once per run, and answers
 * the most frequent kind of them (membership) for all flags at once, with one lookup per attribute. A number is never
 * used again: an older snapshot may still hold it.
 */
export class ConditionTable {
  readonly #conditions: Condition[] = [];
  readonly #uses: number[] = [];
  readonly #names: (string | undefined)[] = [];
  readonly #memberships: (Membership | undefined)[] = [];
  readonly #idByName = new Map<string, number>();
  readonly #indexes = new Map<number, MembershipIndex>();
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
  add(name: string | undefined, values: number, condition: Condition, membership?: Membership): number {
    const known = name === undefined ? undefined : this.#idByName.get(name);
    if (known !== undefined) {
      this.#uses[known]!++;
      return known;
    }
    const id = this.#conditions.length;
    const indexed = values <= MAX_SHARED_VALUES ? membership : undefined;
    this.#conditions.push(condition);
    this.#uses.push(1);
    this.#names.push(name);
    this.#memberships.push(indexed);
    this.#weight += 1 + values;
    if (name !== undefined) this.#idByName.set(name, id);
    this.#setTemplate(id, indexed === undefined ? UNKNOWN : NO_MATCH);
    if (indexed !== undefined) this.#indexOf(indexed.attribute).add(id, indexed);
    return id;
  }

  /** Gives ids back that an item used. Unused ones leave the index; whoever still evaluates them does so one by one. */
  release(ids: readonly number[]): void {
    for (const id of ids) {
      this.#uses[id]!--;
      if (this.#uses[id]! > 0) continue;
      const name = this.#names[id];
      if (name !== undefined) this.#idByName.delete(name);
      const membership = this.#memberships[id];
      if (membership !== undefined) this.#indexOf(membership.attribute).remove(id, membership);
      this.#memberships[id] = undefined;
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

  #indexOf(attribute: number): MembershipIndex {
    const known = this.#indexes.get(attribute);
    if (known !== undefined) return known;
    const index = new MembershipIndex(attribute);
    this.#indexes.set(attribute, index);
    return index;
  }

  /**
   * Starts a memo of results for a run; grown and returned anew when it is too small. With `answered` it is one that
   * {@link answer} is going to complete, else nothing is known.
   */
  begin(memo: Uint8Array<ArrayBuffer>, answered: boolean): Uint8Array<ArrayBuffer> {
    const fresh = memo.length < this.#template.length ? new Uint8Array(this.#template.length) : memo;
    if (answered) fresh.set(this.#template);
    else fresh.fill(UNKNOWN);
    return fresh;
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
