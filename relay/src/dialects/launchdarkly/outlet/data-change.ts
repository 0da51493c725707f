import type { DataSet, Item } from '../../../data/data.ts';

/** What a source delivered: the data as they are now, or an item that the store could not take. */
export type DataChange = ({ readonly data: DataSet } | { readonly item: Item }) & {
  /** When its message had come, as `performance.now()` counts. */
  readonly since?: number;
};
