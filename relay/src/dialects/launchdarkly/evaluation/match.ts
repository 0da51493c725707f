/**
 * Result of a condition or a segment: it may also find that the flag is malformed, which ends the evaluation. 0 is left
 * for "not known yet" in the memo.
 */
export type Match = 1 | 2 | 3;

export const NO_MATCH = 1;
export const MATCH = 2;
export const MALFORMED = 3;

/** Not a result: nothing was found out yet. */
export const UNKNOWN = 0;
