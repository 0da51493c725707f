import type { BigSegmentMembership, BigSegmentsStatus } from '../evaluation/compiled.ts';

/** What the store knows of one context key. */
export interface BigSegmentQuery {
  readonly status: BigSegmentsStatus;
  /** Absent when the store could not be asked. */
  readonly membership?: BigSegmentMembership;
}

/** As `/status` shows it (contract 3, `.bigSegmentStatus`). */
export interface BigSegmentStoreStatus {
  readonly available: boolean;
  readonly potentiallyStale: boolean;
  /** ms since the epoch; 0 = never */
  readonly lastSynchronizedOn: number;
}

/** Answers of a big-segment store for one environment (contract 6.3). Never rejects: trouble is the status `STORE_ERROR`. */
export interface BigSegmentStore {
  /** @param contextKey the bare key: hashes ignore the kind (contract 6.1) */
  query(contextKey: string): Promise<BigSegmentQuery>;
  /** The data has a big segment: synchronisation begins. Idempotent and cheap. */
  seen(): void;
  /** Forgets what it remembers of memberships: they changed. */
  forget(): void;
  /** Undefined while no big segment was seen. */
  status(): BigSegmentStoreStatus | undefined;
  close(): Promise<void>;
}
