import type { DataSet, Item, RefusedItem } from '../data/data.ts';
import type { LinkError, LinkState } from '../data/link.ts';

/**
 * What a source tells its environment. Calls come one at a time and in upstream order: a source awaits each call before
 * it reads on, which is the back-pressure towards upstream.
 */
export interface SourceSink {
  /** Replaces everything. @param since when its message had come, as `performance.now()` counts; absent: now */
  put(data: DataSet, since?: number): void | Promise<void>;
  /** One changed item or tombstone. Version arbitration is the store's business. @param since as with {@link put} */
  upsert(item: Item, since?: number): void | Promise<void>;
  /** A changed item cannot be used: its former state stays. Those of a whole set are named in the set. */
  refused?(item: RefusedItem): void;
  /** The state of the link changed, or a new error came in the same state. */
  link(state: LinkState, error?: LinkError): void;
}

/** Where an environment's data comes from: a LaunchDarkly stream, a file, an archive, Redis. One per environment (and payload filter). */
export interface Source {
  /** Starts delivering into the sink; returns at once. Called once. */
  start(sink: SourceSink): void;
  /** Drops the link and takes everything again (after a store outage, contract 5.1 "Store failure"). */
  restart(): void;
  /** Stops delivering and frees every resource. Idempotent. */
  close(): Promise<void>;
}
