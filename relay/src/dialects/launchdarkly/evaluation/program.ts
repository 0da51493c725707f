import { MATCH, NO_MATCH } from './match.ts';
import type { Outcome } from './outcome.ts';
import { type PlacedRollout, pickOfRollout, type RolloutCode, type Rollouts, RolloutWriter } from './rollout-code.ts';
import type { Run, SegmentProgram } from './run.ts';

/**
 * A compiled flag. `code` is read by {@link select}:
 *
 *     number of prerequisites, { slot, variation, outcomes: missing, failed, malformed }…,
 *     number of rules, { number of conditions, condition ids…, serve }…, serve of the fallthrough
 *
 * where an outcome is an index into `outcomes`, and a serve is one, or the complement (`~`) of an index into `rollouts`.
 * `outcomes[0]` is that of a flag whose conditions turn out malformed. Flags are kept as numbers and laid end to end in one
 * array because an environment of 2,000 flags does not fit into a processor's cache as closures and objects: walking them
 * takes several times as long.
 */
export interface FlagCode {
  readonly code: readonly number[];
  readonly outcomes: readonly Outcome[];
  readonly rollouts: readonly RolloutCode[];
}

/** All flags and segments of one data set, laid out for evaluation. */
export interface Programs {
  /** Per flag: slot as a prerequisite or -1, index of its first outcome, then its {@link FlagCode.code} with indexes into the arrays below. */
  readonly code: Int32Array;
  readonly outcomes: readonly Outcome[];
  /** What {@link Outcome.text} gives without reasons, by outcome; undefined until it was asked. */
  readonly texts: (string | undefined)[];
  /** By outcome: the variation that a flag depending on it compares with, {@link NO_VARIATION} or {@link NOT_VALID}. */
  readonly variations: Int32Array;
  readonly rollouts: Rollouts;
  /** Where the code of a flag begins, by prerequisite slot; -1 = there is no such flag. */
  readonly prerequisites: Int32Array;
  /** By segment slot. */
  readonly segments: readonly (SegmentProgram | undefined)[];
  /** Prerequisite slots to evaluate first, see `rungs.ts`; undefined for none. */
  readonly flagRungs: Int32Array | undefined;
  /** Segment slots to evaluate first. */
  readonly segmentRungs: Int32Array | undefined;
}

// Slot and the first outcome come before a flag's own code.
const HEADER = 2;
/** Numbers for one prerequisite. */
const GATE = 5;

/** No slot or flag. */
export const NONE = -1;
/** The flag is off, or has no variation. */
const NO_VARIATION = -1;
/** The flag is too broken to be a prerequisite. */
const NOT_VALID = -2;
/** What a prerequisite asks for that no flag has. */
const IMPOSSIBLE = -3;

/** The number of a variation that a prerequisite asks for. */
export function wantedVariation(variation: number): number {
  return variation >= 0 && (variation | 0) === variation ? variation : IMPOSSIBLE;
}

/** Slots of the prerequisites of a flag. */
export function prerequisitesOf({ code }: FlagCode): readonly number[] {
  return Array.from({ length: code[0]! }, (_, gate) => code[1 + GATE * gate]!);
}

/** A flag with where its parts go. */
export interface PlacedFlag {
  readonly slot: number;
  readonly flag: FlagCode;
}

/** The laid out code, and where each flag begins in the order given. */
export interface Layout extends Omit<Programs, 'prerequisites' | 'segments' | 'flagRungs' | 'segmentRungs'> {
  readonly starts: Int32Array;
}

/** Lays the code of flags end to end. */
export function layOut(flags: readonly PlacedFlag[]): Layout {
  const code = new Int32Array(flags.reduce((length, { flag }) => length + HEADER + flag.code.length, 0));
  const starts = new Int32Array(flags.length);
  const outcomes: Outcome[] = [];
  const rollouts = new RolloutWriter();
  let at = 0;
  flags.forEach(({ slot, flag }, index) => {
    starts[index] = at;
    code[at] = slot;
    code[at + 1] = outcomes.length;
    at = relocate(flag, code, at + HEADER, outcomes.length, rollouts);
    outcomes.push(...flag.outcomes);
  });
  return {
    code,
    starts,
    outcomes,
    texts: outcomes.map((outcome) => outcome.plain),
    variations: Int32Array.from(outcomes, variationOf),
    rollouts: rollouts.finish(),
  };
}

function variationOf({ valid, variationWhenOn }: Outcome): number {
  if (!valid) return NOT_VALID;
  return variationWhenOn ?? NO_VARIATION;
}

/** Copies a flag's code to `to`, with its outcomes from `base` on and its rollouts behind the others. Returns where it ends. */
function relocate(flag: FlagCode, code: Int32Array, to: number, base: number, rollouts: RolloutWriter): number {
  const own = flag.code;
  const places: PlacedRollout[] = flag.rollouts.map((rollout) => rollouts.add(rollout, base));
  let from = 0;
  let at = to;
  const copy = (count: number): void => {
    for (let index = 0; index < count; index++) code[at++] = own[from++]!;
  };
  const copyServe = (): void => {
    const serve = own[from++]!;
    code[at++] = serve >= 0 ? serve + base : ~places[~serve]!;
  };
  const gates = own[from]!;
  copy(1);
  for (let gate = 0; gate < gates; gate++) {
    copy(2);
    for (let outcome = 2; outcome < GATE; outcome++) code[at++] = own[from++]! + base;
  }
  const rules = own[from]!;
  copy(1);
  for (let rule = 0; rule < rules; rule++) {
    copy(1 + own[from]!);
    copyServe();
  }
  copyServe();
  return at;
}

/** Slot of the flag whose code begins at `start`, as a prerequisite of others; {@link NONE} when it is none. */
export function slotAt(programs: Programs, start: number): number {
  return programs.code[start]!;
}

/** Index of the outcome of the flag whose code begins at `start`, in the order of contract 12.2. */
export function select(programs: Programs, start: number, run: Run): number {
  const { code } = programs;
  let at = start + HEADER;
  const gates = code[at++]!;
  for (let gate = 0; gate < gates; gate++, at += GATE) {
    const outcome = run.prerequisite(code[at]!);
    if (outcome === MISSING) return code[at + 2]!;
    const variation = outcome === CYCLE ? NOT_VALID : programs.variations[outcome]!;
    if (variation === NOT_VALID) return code[at + 4]!;
    if (variation !== code[at + 1]!) return code[at + 3]!;
  }
  for (let rules = code[at++]!; rules > 0; rules--) {
    const stop = at + 1 + code[at]!;
    let match: number = MATCH;
    for (at++; at < stop; at++) {
      match = run.condition(code[at]!);
      if (match !== MATCH) break;
    }
    if (match === MATCH) return serve(programs, code[stop]!, run);
    if (match !== NO_MATCH) return code[start + 1]!;
    at = stop + 1;
  }
  return serve(programs, code[at]!, run);
}

/** Instead of the outcome of a prerequisite: there is no such flag. */
export const MISSING = -1;
/** Instead of the outcome of a prerequisite: it is being evaluated right now. */
export const CYCLE = -2;

function serve(programs: Programs, index: number, run: Run): number {
  return index >= 0 ? index : pickOfRollout(programs.rollouts, ~index, run);
}
