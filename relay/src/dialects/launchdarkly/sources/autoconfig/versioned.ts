/** Things with versions, of which a late message about an old version changes nothing (contract 8.2). */
export interface Versioned<T extends { readonly version: number }> {
  /**
   * Replaces everything: ids that are not in it are removed and their versions forgotten; the rest counts by version. What
   * is known of ids in `keep` stays as it is.
   */
  put(entries: ReadonlyMap<string, T>, keep?: ReadonlySet<string>): void;
  /** False when the version is not newer than what was seen of this id, a deletion included. */
  upsert(id: string, value: T): boolean;
  /** Leaves a tombstone. False when the version is not newer, or there was nothing to remove. */
  remove(id: string, version: number): boolean;
  /** Undefined for what is not there, or was removed. */
  get(id: string): T | undefined;
  /** What is there now, without tombstones. */
  values(): T[];
  /** How many {@link values} there are. */
  readonly size: number;
}

/**
 * An empty collection.
 * @param succeed makes the new value of an id that has one already
 */
export function createVersioned<T extends { readonly version: number }>(
  succeed: (former: T, next: T) => T = (_former, next) => next,
): Versioned<T> {
  const entries = new Map<string, { readonly version: number; readonly value?: T }>();
  let size = 0;
  const upsert = (id: string, value: T): boolean => {
    const seen = entries.get(id);
    if (seen && value.version <= seen.version) return false;
    const former = seen?.value;
    if (former === undefined) size += 1;
    entries.set(id, { version: value.version, value: former === undefined ? value : succeed(former, value) });
    return true;
  };
  return {
    put(next, keep) {
      for (const [id, { value }] of [...entries]) {
        if (next.has(id) || keep?.has(id) === true) continue;
        entries.delete(id);
        if (value !== undefined) size -= 1;
      }
      for (const [id, value] of next) upsert(id, value);
    },
    upsert,
    remove(id, version) {
      const seen = entries.get(id);
      if (seen && version <= seen.version) return false;
      entries.set(id, { version });
      if (seen?.value === undefined) return false;
      size -= 1;
      return true;
    },
    get: (id) => entries.get(id)?.value,
    values: () => [...entries.values()].flatMap((entry) => (entry.value === undefined ? [] : [entry.value])),
    get size() {
      return size;
    },
  };
}
