import type { Compiled, DataSet, Item } from '../data/data.ts';

/** How the store does, as status shows it (contract 3). */
export interface StoreStatus {
  readonly state: 'VALID' | 'INTERRUPTED' | 'INITIALIZING';
  /** ms since the epoch; 0 while initialising */
  readonly stateSince: number;
  /** Absent for memory. */
  readonly database?: 'redis' | 'dynamodb';
  /** URL with the password shown as `xxxxx`; absent for AWS itself. */
  readonly dbServer?: string;
  readonly dbPrefix?: string;
  /** DynamoDB only. */
  readonly dbTable?: string;
  /** ms since the epoch: what is served is a snapshot that an earlier run took then; absent when data are live. */
  readonly snapshotOf?: number;
}

/** What a store says of itself outside of calls. */
export interface StoreEvents {
  status(status: StoreStatus): void;
  /** The store came back after an outage that may have lost writes: the source has to deliver everything again. */
  recovered(): void;
}

/**
 * Holds one environment's data. Reads answer at once from memory where they can; a persistent store with a cache TTL
 * may have to ask the database, so both results are allowed.
 */
export interface Store<C extends Compiled = Compiled> {
  /** Replaces everything. Resolves to the compiled data to broadcast. Throws StoreError. */
  init(data: DataSet): Promise<C> | C;
  /** Applies one item by version. Resolves to the current compiled data and whether the item was newer. Throws StoreError. */
  upsert(item: Item): Promise<UpsertResult<C>> | UpsertResult<C>;
  /** What to serve now; undefined while the store has never been filled. Throws StoreError. */
  read(): C | undefined | Promise<C | undefined>;
  /** Resolves to true when there are data of an earlier run, to be served before upstream has answered; only with snapshots. */
  preloaded?(): Promise<boolean>;
  /**
   * The link to upstream works, or does not: who is not connected knows less than others who share a database. Absent where
   * nobody shares it.
   */
  linked?(healthy: boolean): void;
  status(): StoreStatus;
  close(): Promise<void>;
}

/** Result of {@link Store.upsert}. */
export interface UpsertResult<C extends Compiled = Compiled> {
  readonly data: C;
  /** False when the stored version was the same or newer. */
  readonly applied: boolean;
}
