import type { DataSet, Item, ItemKind } from '../../../../data/data.ts';
import { carryDigest } from './fingerprint.ts';

/** What makes a data set of another one. */
export interface Changes {
  /** Items that are no longer so. */
  readonly before: readonly Item[];
  /** Items as they are now; tombstones stand for deletions. */
  readonly after: readonly Item[];
  /** Tombstones that are not remembered any more. Nothing to tell SDKs. */
  readonly forgotten: readonly Item[];
}

const KINDS: readonly ItemKind[] = ['segments', 'flags'];

/**
 * The changes from one data set to another, segments first; undefined when SDKs would not follow them: an item vanished
 * without a tombstone, or changed without a higher version.
 */
export function changesBetween(old: DataSet, next: DataSet): Changes | undefined {
  const before: Item[] = [];
  const after: Item[] = [];
  const forgotten: Item[] = [];
  for (const kind of KINDS) {
    if (old[kind] === next[kind]) continue;
    let known = 0;
    for (const [key, item] of next[kind]) {
      const was = old[kind].get(key);
      if (was !== undefined) {
        known++;
        if (was === item) continue;
        if (sameContent(was, item)) {
          carryDigest(was, item);
          continue;
        }
        if (item.version <= was.version) return undefined;
        before.push(was);
      }
      after.push(item);
    }
    if (known === old[kind].size) continue;
    for (const [key, was] of old[kind]) {
      if (next[kind].has(key)) continue;
      if (!was.deleted) return undefined;
      forgotten.push(was);
    }
  }
  return { before, after, forgotten };
}

function sameContent(a: Item, b: Item): boolean {
  return a.version === b.version && a.deleted === b.deleted && (a.deleted || a.json === b.json);
}
