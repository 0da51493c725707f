import type { Persistence } from './persistence.ts';

/** Names of what is asked of the database, as metrics tell them apart. */
export type StoreOperation = 'check' | 'load' | 'replace' | 'merge' | 'upsert';

/** Hears how long an operation took, in ms, whether it succeeded or not. */
export type TimeOperation = (operation: StoreOperation, ms: number) => void;

/** The same persistence, every call of which is timed. */
export function timedPersistence(persistence: Persistence, observe: TimeOperation): Persistence {
  const time = async <T>(operation: StoreOperation, work: () => Promise<T>): Promise<T> => {
    const start = performance.now();
    try {
      return await work();
    } finally {
      observe(operation, performance.now() - start);
    }
  };
  return {
    mark: () => time('check', () => persistence.mark()),
    load: (known) => time('load', () => persistence.load(known)),
    replace: (data) => time('replace', () => persistence.replace(data)),
    merge: (data, options) => time('merge', () => persistence.merge(data, options)),
    upsert: (item) => time('upsert', () => persistence.upsert(item)),
  };
}
