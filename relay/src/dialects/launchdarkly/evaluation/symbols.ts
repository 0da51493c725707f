import { type AttributePath, attributePath } from '../model/reference.ts';
import { ConditionTable } from './condition-table.ts';

/** An attribute of a kind of context, resolved at most once per evaluation. */
export interface AttributeSymbol {
  readonly kindSlot: number;
  readonly path: AttributePath;
}

/**
 * Gives small integers to the names that compiled items refer to, so that evaluation indexes arrays instead of hashing
 * strings. Compiled items hold these integers, so a table lives as long as any item compiled with it; it only grows.
 */
export class Symbols {
  /** The conditions of flags and segments. */
  readonly conditions = new ConditionTable();
  readonly #kinds = new Map<string, number>();
  readonly #attributeSlots = new Map<string, number>();
  readonly #attributes: AttributeSymbol[] = [];
  readonly #prerequisites = new Map<string, number>();
  readonly #segments = new Map<string, number>();

  /** Slot of a context kind; `''` is `user`. */
  kind(kind: string): number {
    return slot(this.#kinds, kind === '' ? 'user' : kind);
  }

  /** Slot of an attribute as a clause or rollout names it; undefined when the reference is malformed or empty. */
  attribute(name: string, contextKind: string): number | undefined {
    const path = attributePath(name, contextKind);
    if (path === undefined) return undefined;
    const kindSlot = this.kind(contextKind);
    const id = JSON.stringify([kindSlot, ...path]);
    const known = this.#attributeSlots.get(id);
    if (known !== undefined) return known;
    this.#attributes.push({ kindSlot, path });
    this.#attributeSlots.set(id, this.#attributes.length - 1);
    return this.#attributes.length - 1;
  }

  /** Slot of a flag that is a prerequisite of another. */
  prerequisite(flagKey: string): number {
    return slot(this.#prerequisites, flagKey);
  }

  /** Slot of a segment that a clause asks for. */
  segment(segmentKey: string): number {
    return slot(this.#segments, segmentKey);
  }

  /** By slot. */
  get attributes(): readonly AttributeSymbol[] {
    return this.#attributes;
  }

  get kinds(): ReadonlyMap<string, number> {
    return this.#kinds;
  }

  /** Flag key → slot, for flags that are prerequisites. */
  get prerequisites(): ReadonlyMap<string, number> {
    return this.#prerequisites;
  }

  get segments(): ReadonlyMap<string, number> {
    return this.#segments;
  }

  /** Grows with what the table holds: shows when one that outlived many changes should be rebuilt. */
  get size(): number {
    const names = this.#kinds.size + this.#attributes.length + this.#prerequisites.size + this.#segments.size;
    return names + this.conditions.weight;
  }
}

function slot(slots: Map<string, number>, name: string): number {
  const known = slots.get(name);
  if (known !== undefined) return known;
  slots.set(name, slots.size);
  return slots.size - 1;
}
