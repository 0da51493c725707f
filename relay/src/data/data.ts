/** The two kinds of item that a LaunchDarkly payload carries; also the member names in a `put` and the path segments in a `patch`. */
export type ItemKind = 'flags' | 'segments';

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
