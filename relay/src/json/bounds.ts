/** Most values, and most named members of objects, in one JSON text: each costs time and memory however short it is written, names most. */
export interface JsonBounds {
  readonly maxValues: number;
  readonly maxMembers: number;
}

/** Of one context, where nothing is configured. */
export const CONTEXT_BOUNDS: JsonBounds = { maxValues: 100_000, maxMembers: 20_000 };
/** Of one batch of events, where nothing is configured. */
export const EVENTS_BOUNDS: JsonBounds = { maxValues: 500_000, maxMembers: 500_000 };
/**
 * Size of a pattern, in instructions, times length of a text, where nothing is configured. RE2 takes no longer than in proportion to that,
 * which is some 40 ns each for the few patterns that defeat its automaton; nearly all take hundreds of times less.
 */
export const MAX_PATTERN_STEPS = 2 ** 24;
