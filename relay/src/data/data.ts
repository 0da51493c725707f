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
   * The item's JSON text as the source sent it, with the members that SDKs cannot do without. Otherwise it is passed on untouched, so
   * members that this version does not know, big integers and member order survive the relay (contract 14, row 29).
   */
  readonly json: string;
}

/** Everything that one environment holds. Immutable: a change makes a new set that shares the unchanged items. Tombstones included. */
export interface DataSet {
  readonly flags: ReadonlyMap<string, Item>;
  readonly segments: ReadonlyMap<string, Item>;
  /** What the source sent with them and cannot be used; absent: nothing. */
  readonly refused?: readonly RefusedItem[];
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

/** The set with what `former` had in place of what was refused: a flag that cannot be read now is no reason to lose the last good one. */
export function withFormer(data: DataSet, former: DataSet | undefined): DataSet {
  const { refused = [], ...rest } = data;
  const items = { flags: new Map(data.flags), segments: new Map(data.segments) };
  for (const { kind, key } of refused) {
    const item = former?.[kind].get(key);
    if (item !== undefined) items[kind].set(key, item);
  }
  return { ...rest, ...items };
}

/** A data set that is ready to answer: immutable, swapped whole. How it answers is its dialect's business. */
export interface Compiled {
  readonly data: DataSet;
}

/** Compiles a data set, reusing what did not change since `previous`. */
export type Compile<C extends Compiled = Compiled> = (data: DataSet, previous?: C) => C;

/** A flag or segment that cannot be used and was left out. */
export interface RefusedItem {
  readonly kind: ItemKind;
  readonly key: string;
  /** Names the place. */
  readonly reason: string;
}

/** Takes the items that are left out while the rest of their data are taken. */
export type RefuseItem = (item: RefusedItem) => void;
