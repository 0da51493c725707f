import type { Compile, Compiled, DataSet } from '../../data/data.ts';

/** The last data that were read or written, and for how long they answer reads. */
export interface Served<C extends Compiled> {
  readonly known: C | undefined;
  /** What answers a read now; undefined when Redis has to be asked. */
  readonly fresh: C | undefined;
  /** Takes over data, compiled on top of what is known. They are no fresher for it. */
  keep(data: DataSet): C;
  /** What is known answers reads from now on for the TTL. */
  refresh(): void;
  /** What is known answers reads for so many ms from now. */
  freshFor(ms: number): void;
}

/** Holds nothing yet. @param ttlMs 0: each read asks Redis; < 0: what was read stays fresh forever */
export function createServed<C extends Compiled>(compile: Compile<C>, ttlMs: number): Served<C> {
  let known: C | undefined;
  /** On the monotonic clock. */
  let freshUntil = Number.NEGATIVE_INFINITY;
  const freshFor = (ms: number): void => {
    freshUntil = performance.now() + ms;
  };
  return {
    get known() {
      return known;
    },
    get fresh() {
      return performance.now() < freshUntil ? known : undefined;
    },
    keep: (data) => {
      known = known !== undefined && data === known.data ? known : compile(data, known);
      return known;
    },
    refresh: () => freshFor(ttlMs < 0 ? Number.POSITIVE_INFINITY : ttlMs),
    freshFor,
  };
}
