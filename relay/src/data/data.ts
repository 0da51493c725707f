/** The two kinds of item that a payload carries. */
export type ItemKind = 'flags' | 'segments';

/** Both of them. */
export const ITEM_KINDS: readonly ItemKind[] = ['flags', 'segments'];

/** One flag or segment, or the tombstone of one (`deleted`), as it came from a source. Immutable. */
export interface Item {
  readonly kind: ItemKind;
  readonly key: string;
  readonly version: number;
  /** True for a tombstone: it takes part in version arbitration and is served to nobody. */
  readonly deleted: boolean;
  /**
   * The item's JSON text as the source sent it. It is passed on untouched, so members that this version does not know,
   * big integers and member order survive the relay (contract 14, row 29).
   */
  readonly json: string;
}

/** Everything that one environment holds. Immutable: a change makes a new set that shares the unchanged items. Tombstones included. */
export interface DataSet {
  readonly flags: ReadonlyMap<string, Item>;
  readonly segments: ReadonlyMap<string, Item>;
}

/** A set with nothing in it. */
export const EMPTY_DATA_SET: DataSet = Object.freeze({
  flags: new Map<string, Item>(),
  segments: new Map<string, Item>(),
});

/**
 * The set with `item` in it, sharing everything else; undefined when the set already has that version or a newer one
 * (contract 2.3).
 */
export function withItem(data: DataSet, item: Item): DataSet | undefined {
  const old = data[item.kind].get(item.key);
  if (old !== undefined && old.version >= item.version) return undefined;
  const items = new Map(data[item.kind]).set(item.key, item);
  return item.kind === 'flags' ? { flags: items, segments: data.segments } : { flags: data.flags, segments: items };
}

/** A data set that is ready to answer: immutable, swapped whole. How it answers is its dialect's business. */
export interface Compiled {
  readonly data: DataSet;
}

/** Compiles a data set, reusing what did not change since `previous`. */
export type Compile<C extends Compiled = Compiled> = (data: DataSet, previous?: C) => C;

/** A flag or segment that was left out of its data. */
export interface RefusedItem {
  readonly kind: ItemKind;
  readonly key: string;
  /** Names the place. */
  readonly reason: string;
}

/** Takes the items that are left out while the rest of their data are taken. */
export type RefuseItem = (item: RefusedItem) => void;
