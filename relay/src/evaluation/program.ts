import { MATCH, NO_MATCH } from './match.ts';
import type { Outcome } from './outcome.ts';
import type { Run, SegmentProgram } from './run.ts';

/** Picks the outcome of a rollout. */
export type Serve = (run: Run) => Outcome;

/** Looks at a flag's prerequisites: undefined when all are met, else the outcome. */
export type Gate = (run: Run) => Outcome | undefined;

/**
 * A compiled flag. `code` is read by {@link select}:
 *
 *     number of rules, { number of conditions, condition ids…, serve }…, serve of the fallthrough
 *
 * where a serve is an index into `outcomes`, or the complement (`~`) of an index into `serves`. `outcomes[0]` is that of
 * a flag whose conditions turn out malformed. Flags are kept as numbers and laid end to end in one array because an
 * environment of 2,000 flags does not fit into a processor's cache as closures: walking it takes three times as long.
 */
export interface FlagCode {
  readonly gate: Gate | undefined;
  readonly code: readonly number[];
  readonly outcomes: readonly Outcome[];
  readonly serves: readonly Serve[];
}

/** All flags and segments of one data set, laid out for evaluation. */
export interface Programs {
  /** Per flag: slot as a prerequisite or -1, index of the gate or -1, index of its first outcome, then its {@link FlagCode.code} with indexes into the arrays below. */
  readonly code: Int32Array;
  readonly outcomes: readonly Outcome[];
  readonly serves: readonly Serve[];
  readonly gates: readonly Gate[];
  /** Where the code of a flag begins, by prerequisite slot; -1 = there is no such flag. */
  readonly prerequisites: Int32Array;
  /** By segment slot. */
  readonly segments: readonly (SegmentProgram | undefined)[];
}

// Slot, gate and the first outcome come before a flag's own code.
const HEADER = 3;

/** No slot, gate or flag. */
export const NONE = -1;

/** A flag with where its parts go. */
export interface PlacedFlag {
  readonly slot: number;
  readonly flag: FlagCode;
}

/** The laid out code, and where each flag begins in the order given. */
export interface Layout extends Omit<Programs, 'prerequisites' | 'segments'> {
  readonly starts: Int32Array;
}

/** Lays the code of flags end to end. */
export function layOut(flags: readonly PlacedFlag[]): Layout {
  let length = 0;
  for (const { flag } of flags) length += HEADER + flag.code.length;
  const code = new Int32Array(length);
  const starts = new Int32Array(flags.length);
  const outcomes: Outcome[] = [];
  const serves: Serve[] = [];
  const gates: Gate[] = [];
  let at = 0;
  const placeServe = (serve: number): void => {
    code[at++] = serve >= 0 ? serve + outcomes.length : serve - serves.length;
  };
  flags.forEach(({ slot, flag }, index) => {
    starts[index] = at;
    code[at++] = slot;
    code[at++] = flag.gate === undefined ? NONE : gates.push(flag.gate) - 1;
    code[at++] = outcomes.length;
    let from = 0;
    const rules = flag.code[from++]!;
    code[at++] = rules;
    for (let rule = 0; rule < rules; rule++) {
      const conditions = flag.code[from++]!;
      code[at++] = conditions;
      for (let condition = 0; condition < conditions; condition++) code[at++] = flag.code[from++]!;
      placeServe(flag.code[from++]!);
    }
    placeServe(flag.code[from]!);
    outcomes.push(...flag.outcomes);
    serves.push(...flag.serves);
  });
  return { code, starts, outcomes, serves, gates };
}

/** Slot of the flag whose code begins at `start`, as a prerequisite of others; {@link NONE} when it is none. */
export function slotAt(programs: Programs, start: number): number {
  return programs.code[start]!;
}

/** The outcome of the flag whose code begins at `start`, in the order of contract 12.2. */
export function select(programs: Programs, start: number, run: Run): Outcome {
  const { code } = programs;
  const gate = code[start + 1]!;
  if (gate !== NONE) {
    const outcome = programs.gates[gate]!(run);
    if (outcome !== undefined) return outcome;
  }
  const malformed = code[start + 2]!;
  let at = start + HEADER + 1;
  for (let rules = code[start + HEADER]!; rules > 0; rules--) {
    const stop = at + 1 + code[at]!;
    let match: number = MATCH;
    for (at++; at < stop; at++) {
      match = run.condition(code[at]!);
      if (match !== MATCH) break;
    }
    if (match === MATCH) return serve(programs, code[stop]!, run);
    if (match !== NO_MATCH) return programs.outcomes[malformed]!;
    at = stop + 1;
  }
  return serve(programs, code[at]!, run);
}

function serve(programs: Programs, index: number, run: Run): Outcome {
  return index >= 0 ? programs.outcomes[index]! : programs.serves[~index]!(run);
}
