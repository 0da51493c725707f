import { type KubernetesObject, type ObjectRef, objectKey, refKey } from './objects.ts';
import type { Change, IndexFunction, Store } from './store-types.ts';

interface Index<T> {
  readonly valuesOf: IndexFunction<T>;
  readonly buckets: Map<string, Map<string, T>>;
}

/** Objects of one kind by key, with indexes that follow each change. */
export class ObjectStore<T extends KubernetesObject> implements Store<T> {
  readonly #objects = new Map<string, T>();
  readonly #indexes = new Map<string, Index<T>>();
  readonly #namespaces: Index<T> = {
    valuesOf: (object) => [object.metadata?.namespace ?? ''],
    buckets: new Map(),
  };

  constructor(indexes: Readonly<Record<string, IndexFunction<T>>> = {}) {
    for (const [name, valuesOf] of Object.entries(indexes)) this.#indexes.set(name, { valuesOf, buckets: new Map() });
  }

  get size(): number {
    return this.#objects.size;
  }

  get(ref: ObjectRef): T | undefined {
    return this.#objects.get(refKey(ref));
  }

  getByKey(key: string): T | undefined {
    return this.#objects.get(key);
  }

  list(namespace?: string): readonly T[] {
    return [...(namespace === undefined ? this.#objects : (this.#namespaces.buckets.get(namespace) ?? [])).values()];
  }

  byIndex(index: string, value: string): readonly T[] {
    const found = this.#indexes.get(index);
    if (!found) {
      throw new RangeError(`index ${JSON.stringify(index)} must be one of: ${[...this.#indexes.keys()].join(', ')}`);
    }
    return [...(found.buckets.get(value)?.values() ?? [])];
  }

  /** Stores an added or modified object. Undefined when this very version was there already. */
  upsert(object: T): Change<T> | undefined {
    const key = objectKey(object);
    const old = this.#objects.get(key);
    if (old && sameVersion(old, object)) return undefined;
    this.#put(key, object, old);
    return old ? { type: 'updated', object, old, initial: false } : { type: 'added', object, initial: false };
  }

  /** Removes an object; the change carries its last state as the server told it. Undefined when it was not there. */
  remove(object: T): Change<T> | undefined {
    const key = objectKey(object);
    const old = this.#objects.get(key);
    if (!old) return undefined;
    this.#drop(key, old);
    return { type: 'deleted', object, initial: false };
  }

  /**
   * Makes the store (or the part of it in one namespace) hold exactly these objects, then answers what that changed:
   * whoever hears of the first change sees the whole new state. `initial` marks adds as belonging to the first list.
   */
  replace(items: readonly T[], namespace: string | undefined, initial: boolean): Change<T>[] {
    const changes: Change<T>[] = [];
    const kept = new Set<string>();
    for (const object of items) {
      kept.add(objectKey(object));
      const change = this.upsert(object);
      if (change) changes.push(change.type === 'added' ? { ...change, initial } : change);
    }
    for (const object of this.list(namespace)) {
      if (kept.has(objectKey(object))) continue;
      this.#drop(objectKey(object), object);
      changes.push({ type: 'deleted', object, initial: false });
    }
    return changes;
  }

  #put(key: string, object: T, old: T | undefined): void {
    this.#objects.set(key, object);
    for (const index of this.#allIndexes()) {
      if (old) removeFrom(index, key, old);
      for (const value of index.valuesOf(object)) {
        const bucket = index.buckets.get(value) ?? new Map<string, T>();
        bucket.set(key, object);
        index.buckets.set(value, bucket);
      }
    }
  }

  #drop(key: string, old: T): void {
    this.#objects.delete(key);
    for (const index of this.#allIndexes()) removeFrom(index, key, old);
  }

  *#allIndexes(): Iterable<Index<T>> {
    yield this.#namespaces;
    yield* this.#indexes.values();
  }
}

function removeFrom<T>(index: Index<T>, key: string, old: T): void {
  for (const value of index.valuesOf(old)) {
    const bucket = index.buckets.get(value);
    bucket?.delete(key);
    if (bucket?.size === 0) index.buckets.delete(value);
  }
}

/** Same uid and version: a replayed event. A deleted and re-created object may have any version, but another uid. */
function sameVersion(a: KubernetesObject, b: KubernetesObject): boolean {
  const { resourceVersion, uid } = a.metadata ?? {};
  return resourceVersion !== undefined && resourceVersion === b.metadata?.resourceVersion && uid === b.metadata?.uid;
}
