import type { KubernetesObject, ObjectRef, ResourceType } from './objects.ts';

/** What happened to one cached object. `initial` is true for objects of the first list: nobody waits for these. */
export type Change<T extends KubernetesObject> =
  | { readonly type: 'added'; readonly object: T; readonly initial: boolean }
  | { readonly type: 'updated'; readonly object: T; readonly old: T; readonly initial: false }
  | { readonly type: 'deleted'; readonly object: T; readonly initial: false };

/** Index values of an object; an object is found under each of them. */
export type IndexFunction<T> = (object: T) => readonly string[];

/** Read side of a cache. Objects are shared and frozen by convention: copy before changing. */
export interface Store<T extends KubernetesObject> {
  get(ref: ObjectRef): T | undefined;
  getByKey(key: string): T | undefined;
  /** All objects, or those of one namespace. */
  list(namespace?: string): readonly T[];
  /** Objects that the named index holds under this value. Throws RangeError for an index that does not exist. */
  byIndex(index: string, value: string): readonly T[];
  readonly size: number;
}

/** A cache of one kind, kept current by list and watch. */
export interface Informer<T extends KubernetesObject> {
  readonly type: ResourceType<T>;
  readonly store: Store<T>;
  /** True once the first list (of every watched namespace) is in the store. */
  hasSynced(): boolean;
  /** Resolves when `hasSynced`; rejects with the signal's reason when it aborts first. */
  waitForSync(signal: AbortSignal): Promise<void>;
  /** Calls the handler after each change of the store, in order; returns how to stop that. */
  onChange(handler: (change: Change<T>) => void): () => void;
  /** Lists and watches until the signal aborts. Never rejects: every failure is retried. The manager calls it. */
  run(signal: AbortSignal): Promise<void>;
}
