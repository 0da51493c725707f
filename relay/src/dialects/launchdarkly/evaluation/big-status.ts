import type { BigSegmentsStatus } from './compiled.ts';

/** State of the big-segment store as a number, the worse the higher; 0 = no big segment was asked. */
export type BigStatus = 0 | 1 | 2 | 3 | 4;

/** No big segment was asked. */
export const NO_BIG_STATUS = 0;
/** A big segment was asked, and there is no store or the segment has no generation. */
export const BIG_SEGMENTS_NOT_CONFIGURED = 4;

const NAMES: readonly (BigSegmentsStatus | undefined)[] = [
  undefined,
  'HEALTHY',
  'STALE',
  'STORE_ERROR',
  'NOT_CONFIGURED',
];

/** The state as the wire names it; undefined for none. */
export function statusName(status: BigStatus): BigSegmentsStatus | undefined {
  return NAMES[status];
}

/** The number of a state. */
export function statusCode(name: BigSegmentsStatus): BigStatus {
  return NAMES.indexOf(name) as BigStatus;
}

/** The worse of two. */
export function worse(a: BigStatus, b: BigStatus): BigStatus {
  return a > b ? a : b;
}
