/** A map that holds at most `capacity` entries and drops the least recently used one. */
export interface BoundedMap<K, V> {
  readonly size: number;
  get(key: K): V | undefined;
  set(key: K, value: V): void;
  delete(key: K): void;
  entries(): IterableIterator<[K, V]>;
}

/** Makes a BoundedMap. Reading an entry counts as use. */
export function createBoundedMap<K, V>(capacity: number): BoundedMap<K, V> {
  const map = new Map<K, V>();
  return {
    get size() {
      return map.size;
    },
    get(key) {
      const value = map.get(key);
      if (value === undefined) return undefined;
      map.delete(key);
      map.set(key, value);
      return value;
    },
    set(key, value) {
      map.delete(key);
      map.set(key, value);
      for (const oldest of map.keys()) {
        if (map.size <= capacity) break;
        map.delete(oldest);
      }
    },
    delete: (key) => void map.delete(key),
    entries: () => map.entries(),
  };
}
