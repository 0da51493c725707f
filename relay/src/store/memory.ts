import { type DataSet, EMPTY_DATA_SET, type Item } from '../data/data.ts';
import type { CompiledData } from '../dialects/launchdarkly/evaluation/compiled.ts';
import type { Store, StoreStatus, UpsertResult } from '../environment/store.ts';

/** Compiles a data set, reusing what did not change since `previous`. */
export type Compile = (data: DataSet, previous?: CompiledData) => CompiledData;

/** A store without a database: the compiled data itself. Never fails. */
export function createMemoryStore(compile: Compile): Store {
  let current: CompiledData | undefined;
  const status: StoreStatus = { state: 'VALID', stateSince: Date.now() };

  return {
    init(data) {
      current = compile(data, current);
      return current;
    },
    upsert(item): UpsertResult {
      // A source delivers a whole set first; a patch before it has nothing to change.
      if (current === undefined) return { data: compile(EMPTY_DATA_SET), applied: false };
      const data = withItem(current.data, item);
      if (data === undefined) return { data: current, applied: false };
      current = compile(data, current);
      return { data: current, applied: true };
    },
    read: () => current,
    status: () => status,
    close: () => Promise.resolve(),
  };
}

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
