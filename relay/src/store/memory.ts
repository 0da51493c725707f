import { type Compile, type Compiled, EMPTY_DATA_SET, withItem } from '../data/data.ts';
import type { Store, StoreStatus, UpsertResult } from '../environment/store.ts';

/** A store without a database: the compiled data itself. Never fails. */
export function createMemoryStore<C extends Compiled>(compile: Compile<C>): Store<C> {
  let current: C | undefined;
  const status: StoreStatus = { state: 'VALID', stateSince: Date.now() };
  return {
    init(data) {
      current = compile(data, current);
      return current;
    },
    upsert(item): UpsertResult<C> {
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
