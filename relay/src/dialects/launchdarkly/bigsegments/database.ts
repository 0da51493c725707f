import { createHash } from 'node:crypto';
import type { BigSegmentMembership } from '../evaluation/compiled.ts';
import type { BigSegmentPatch } from './patch.ts';

/** Big segments of one environment in a database. Every method throws StoreError. */
export interface BigSegmentDatabase {
  /** Version of the last patch; undefined when there is none. */
  cursor(): Promise<string | undefined>;
  /** Applies a patch that follows on the cursor, or any when there is no cursor. Otherwise nothing changes. */
  apply(patch: BigSegmentPatch): Promise<Applied>;
  /** ms since the epoch; 0 = never */
  synchronizedOn(): Promise<number>;
  setSynchronizedOn(ms: number): Promise<void>;
  membership(contextKey: string): Promise<BigSegmentMembership>;
}

/** Whether a patch was applied; if not, the cursor on which it does not follow. */
export type Applied = { readonly applied: true } | { readonly applied: false; readonly cursor: string };

/** Standard base64 of SHA-256 over the bare key (contract 6.1). */
export function hashContextKey(key: string): string {
  return createHash('sha256').update(key).digest('base64');
}

/** Include wins over exclude (contract 14, row 41). */
export function membershipOf(included: ReadonlySet<string>, excluded: ReadonlySet<string>): BigSegmentMembership {
  return { lookup: (ref) => (included.has(ref) ? true : excluded.has(ref) ? false : undefined) };
}
