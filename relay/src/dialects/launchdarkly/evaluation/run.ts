import type { Json } from '../../../json/json.ts';
import { isJsonObject, ownValue } from '../../../json/json.ts';
import { attributeOf, type Context, type SingleContext } from '../model/context.ts';
import { type BigStatus, NO_BIG_STATUS, statusCode, worse } from './big-status.ts';
import { bucketBytes } from './bucket.ts';
import type { BigSegments } from './compiled.ts';
import { type Moment, toMoment } from './dates.ts';
import { MALFORMED, type Match, NO_MATCH, UNKNOWN } from './match.ts';
import { CYCLE, MISSING, NONE, type Programs, select } from './program.ts';
import { RUNG } from './rungs.ts';
import { toVersion, type Version } from './semver.ts';
import type { Symbols } from './symbols.ts';

/** Tells whether the context of a run is in a segment. */
export type SegmentProgram = (run: Run) => Match;

/**
 * Flags and segments that may be nested in one walk. What is nested deeper is evaluated from the bottom up (`rungs.ts`), so that only a cycle is as
 * long as this, which is malformed whatever its length; no walk may take all of the stack.
 */
const MAX_DEPTH = 2 * RUNG;

const NO_BYTES = new Uint8Array();

const NO_PROGRAMS: Programs = {
  code: new Int32Array(),
  outcomes: [],
  texts: [],
  variations: new Int32Array(),
  rollouts: { code: new Int32Array(), weights: new Float32Array(), longPrefixes: [] },
  prerequisites: new Int32Array(),
  segments: [],
  flagRungs: undefined,
  segmentRungs: undefined,
};

/**
 * The state of one evaluation: what was already found out about the context, in arrays indexed by the slots of a symbol
 * table. Evaluation is synchronous, so one run per table is used over and over; a stamp tells which entries are of the
 * current evaluation, so that nothing has to be cleared or allocated. All snapshots of a table share it: an evaluation that
 * begins while another one is under way (see {@link busy}) needs a run of its own.
 *
 * Idle → `begin` → busy → `end` → idle, whatever is thrown in between.
 */
export class Run {
  readonly #symbols: Symbols;
  #stamp = 0;
  #programs: Programs = NO_PROGRAMS;
  #members: (SingleContext | undefined)[] = [];
  #context: Context | undefined;
  #bigSegments: BigSegments | undefined;

  readonly #valueStamps: number[] = [];
  readonly #values: (Json | undefined)[] = [];
  readonly #derivedStamps: number[] = [];
  readonly #moments: (Moment | undefined)[] = [];
  readonly #versions: (Version | undefined)[] = [];
  readonly #bytesStamps: number[] = [];
  readonly #bytes: (Uint8Array | undefined)[] = [];
  #secondary: string | undefined;
  #suffix: Uint8Array = NO_BYTES;
  #conditions = new Uint8Array(256);
  readonly #flagStamps: number[] = [];
  /** Indexes of outcomes; CYCLE while a flag is being looked at. */
  readonly #outcomes: number[] = [];
  readonly #flagStatuses: BigStatus[] = [];
  readonly #segmentStamps: number[] = [];
  /** UNKNOWN while a segment is being looked at. */
  readonly #matches: (Match | typeof UNKNOWN)[] = [];
  readonly #segmentStatuses: BigStatus[] = [];

  /** Flags and segments that are being looked at, one for the sake of another. */
  #depth = 0;

  /** The worst state of the big-segment store that was met since it was last set to none. */
  bigStatus: BigStatus = NO_BIG_STATUS;

  constructor(symbols: Symbols) {
    this.#symbols = symbols;
  }

  /** An evaluation is under way. */
  get busy(): boolean {
    return this.#context !== undefined;
  }

  /** Starts an evaluation. The run must be idle. `all` = most flags will be asked for, so that what can be answered at once for all of them is. */
  begin(programs: Programs, context: Context, bigSegments: BigSegments | undefined, all: boolean): void {
    this.#take(programs, context, bigSegments);
    const { conditions } = this.#symbols;
    this.#conditions = conditions.begin(this.#conditions, all);
    if (all) conditions.answer(this.#conditions, this);
    this.#climb();
  }

  /** As {@link begin} with `all`, in steps that are short for a context of any size. The run must be of this evaluation's own. */
  *beginInSteps(programs: Programs, context: Context, bigSegments: BigSegments | undefined): Generator<void, void> {
    this.#take(programs, context, bigSegments);
    const { conditions } = this.#symbols;
    this.#conditions = conditions.begin(this.#conditions, true);
    yield* conditions.answerInSteps(this.#conditions, this);
    this.#climb();
  }

  /** Evaluates deeply nested flags and segments from the bottom up. */
  #climb(): void {
    const { flagRungs, segmentRungs } = this.#programs;
    if (segmentRungs !== undefined) for (const slot of segmentRungs) this.segment(slot);
    if (flagRungs !== undefined) for (const slot of flagRungs) this.prerequisite(slot);
  }

  /** Finds out in short steps what those of the given conditions say that may take long. */
  *answerInSteps(ids: readonly number[]): Generator<void, void> {
    for (const id of ids) {
      const steps = this.#conditions[id] === UNKNOWN ? this.#symbols.conditions.steps(id) : undefined;
      if (steps !== undefined) this.#conditions[id] = yield* steps(this);
    }
  }

  #take(programs: Programs, context: Context, bigSegments: BigSegments | undefined): void {
    this.#stamp++;
    this.#depth = 0;
    this.#programs = programs;
    this.#context = context;
    this.#bigSegments = bigSegments;
    this.#members.fill(undefined);
    for (const member of context.members) {
      const slot = this.#symbols.kinds.get(member.kind);
      if (slot !== undefined) this.#members[slot] = member;
    }
    this.#grow();
  }

  /** Ends an evaluation: lets go of the context. */
  end(): void {
    this.#members.fill(undefined);
    this.#secondary = undefined;
    this.#suffix = NO_BYTES;
    this.#context = undefined;
    this.#bigSegments = undefined;
  }

  #grow(): void {
    const { attributes, prerequisites, segments, kinds } = this.#symbols;
    while (this.#members.length < kinds.size) this.#members.push(undefined);
    while (this.#valueStamps.length < attributes.length) {
      this.#valueStamps.push(0);
      this.#values.push(undefined);
      this.#derivedStamps.push(0);
      this.#moments.push(undefined);
      this.#versions.push(undefined);
      this.#bytesStamps.push(0);
      this.#bytes.push(undefined);
    }
    while (this.#flagStamps.length < prerequisites.size) {
      this.#flagStamps.push(0);
      this.#outcomes.push(CYCLE);
      this.#flagStatuses.push(NO_BIG_STATUS);
    }
    while (this.#segmentStamps.length < segments.size) {
      this.#segmentStamps.push(0);
      this.#matches.push(NO_MATCH);
      this.#segmentStatuses.push(NO_BIG_STATUS);
    }
  }

  get context(): Context {
    return this.#context!;
  }

  /** The member of a kind; undefined when the context has no such kind. */
  member(kindSlot: number): SingleContext | undefined {
    return this.#members[kindSlot];
  }

  /** An attribute's value; undefined when the kind, the attribute or a part of its path is missing, or it is null. */
  value(slot: number): Json | undefined {
    if (this.#valueStamps[slot] === this.#stamp) return this.#values[slot];
    const value = this.#resolve(slot);
    this.#valueStamps[slot] = this.#stamp;
    this.#values[slot] = value;
    return value;
  }

  #resolve(slot: number): Json | undefined {
    const { kindSlot, path } = this.#symbols.attributes[slot]!;
    const member = this.#members[kindSlot];
    if (member === undefined) return undefined;
    let value = attributeOf(member, path[0]!);
    for (let index = 1; index < path.length; index++) {
      if (!isJsonObject(value)) return undefined;
      value = ownValue(value, path[index]!);
    }
    return value === null ? undefined : value;
  }

  #derive(slot: number): void {
    const value = this.value(slot);
    this.#derivedStamps[slot] = this.#stamp;
    this.#moments[slot] = toMoment(value);
    this.#versions[slot] = toVersion(value);
  }

  /** An attribute read as a date; undefined when it is none. */
  moment(slot: number): Moment | undefined {
    if (this.#derivedStamps[slot] !== this.#stamp) this.#derive(slot);
    return this.#moments[slot];
  }

  /** An attribute read as a semantic version; undefined when it is none. */
  version(slot: number): Version | undefined {
    if (this.#derivedStamps[slot] !== this.#stamp) this.#derive(slot);
    return this.#versions[slot];
  }

  /** The bytes of an attribute that bucketing hashes; undefined when it has none. */
  bytes(slot: number): Uint8Array | undefined {
    if (this.#bytesStamps[slot] === this.#stamp) return this.#bytes[slot];
    const bytes = bucketBytes(this.value(slot));
    this.#bytesStamps[slot] = this.#stamp;
    this.#bytes[slot] = bytes;
    return bytes;
  }

  /** A secondary key as it is hashed behind a value. */
  suffix(secondary: string): Uint8Array {
    if (this.#secondary !== secondary) {
      this.#secondary = secondary;
      this.#suffix = Buffer.from(`.${secondary}`);
    }
    return this.#suffix;
  }

  /** The result of a condition, found out once per run. */
  condition(id: number): Match {
    const known = this.#conditions[id]!;
    return known === UNKNOWN ? this.#evaluate(id) : (known as Match);
  }

  #evaluate(id: number): Match {
    const before = this.bigStatus;
    this.bigStatus = NO_BIG_STATUS;
    const match = this.#symbols.conditions.condition(id)(this);
    // A condition that asked for a big segment has to leave the state of the store with each flag that it decides.
    if (this.bigStatus === NO_BIG_STATUS) this.#conditions[id] = match;
    this.bigStatus = worse(before, this.bigStatus);
    return match;
  }

  /**
   * Index of the outcome of a flag that others depend on, evaluated once per run: MISSING when there is no such flag,
   * CYCLE when it is being evaluated right now. That a flag is asked for by different flags makes no difference
   * to its outcome: whoever reaches a cycle of prerequisites is malformed, wherever the walk began.
   */
  prerequisite(slot: number): number {
    if (this.#flagStamps[slot] === this.#stamp) {
      const known = this.#outcomes[slot]!;
      if (known === CYCLE) return CYCLE;
      this.bigStatus = worse(this.bigStatus, this.#flagStatuses[slot]!);
      return known;
    }
    const start = this.#programs.prerequisites[slot];
    if (start === undefined || start === NONE) return MISSING;
    if (this.#depth === MAX_DEPTH) return CYCLE;
    this.#depth++;
    const before = this.bigStatus;
    this.bigStatus = NO_BIG_STATUS;
    this.#flagStamps[slot] = this.#stamp;
    this.#outcomes[slot] = CYCLE;
    const outcome = select(this.#programs, start, this);
    this.#depth--;
    this.#outcomes[slot] = outcome;
    this.#flagStatuses[slot] = this.bigStatus;
    this.bigStatus = worse(before, this.bigStatus);
    return outcome;
  }

  /** Whether the context is in a segment, found out once per run. An unknown segment does not match; a cycle is malformed. */
  segment(slot: number): Match {
    if (this.#segmentStamps[slot] === this.#stamp) {
      const known = this.#matches[slot]!;
      if (known === UNKNOWN) return MALFORMED;
      this.bigStatus = worse(this.bigStatus, this.#segmentStatuses[slot]!);
      return known;
    }
    const program = this.#programs.segments[slot];
    if (program === undefined) return NO_MATCH;
    if (this.#depth === MAX_DEPTH) return MALFORMED;
    this.#depth++;
    const before = this.bigStatus;
    this.bigStatus = NO_BIG_STATUS;
    this.#segmentStamps[slot] = this.#stamp;
    this.#matches[slot] = UNKNOWN;
    const match = program(this);
    this.#depth--;
    this.#matches[slot] = match;
    this.#segmentStatuses[slot] = this.bigStatus;
    this.bigStatus = worse(before, this.bigStatus);
    return match;
  }

  /** What the big-segment store says of a context key; undefined when it is silent or there is no store. Notes the store's state. */
  bigSegment(contextKey: string, ref: string): boolean | undefined {
    this.bigStatus = worse(this.bigStatus, statusCode(this.#bigSegments?.status ?? 'NOT_CONFIGURED'));
    return this.#bigSegments?.membership(contextKey)?.lookup(ref);
  }
}
