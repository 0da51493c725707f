import { attributeOf, type Context, type SingleContext } from '../model/context.ts';
import type { Json } from '../model/json.ts';
import { isJsonObject, ownValue } from '../model/json.ts';
import { type BigStatus, NO_BIG_STATUS, statusCode, worse } from './big-status.ts';
import { bucketBytes } from './bucket.ts';
import type { BigSegments } from './compiled.ts';
import { type Moment, toMoment } from './dates.ts';
import type { Outcome } from './outcome.ts';
import { toVersion, type Version } from './semver.ts';
import type { Symbols } from './symbols.ts';

/** Result of a clause, a rule or a segment: it may also find that the flag is malformed, which ends the evaluation. */
export type Match = 0 | 1 | 2;
export const NO_MATCH = 0;
export const MATCH = 1;
export const MALFORMED = 2;

/** Evaluates a flag for the context of a run. */
export type FlagProgram = (run: Run) => Outcome;
/** Tells whether the context of a run is in a segment. */
export type SegmentProgram = (run: Run) => Match;

/** What the slots of a symbol table stand for in one data set. */
export interface Programs {
  /** By prerequisite slot; undefined = there is no such flag. */
  readonly prerequisites: readonly (FlagProgram | undefined)[];
  /** By segment slot. */
  readonly segments: readonly (SegmentProgram | undefined)[];
}

const BUSY = 3;

/**
 * The state of one evaluation: what was already found out about the context, in arrays indexed by the slots of a symbol
 * table. Evaluation is synchronous, so one run per table is used over and over; a stamp tells which entries are of the
 * current evaluation, so that nothing has to be cleared or allocated.
 */
export class Run {
  readonly #symbols: Symbols;
  #stamp = 0;
  #programs: Programs = { prerequisites: [], segments: [] };
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
  readonly #flagStamps: number[] = [];
  readonly #outcomes: (Outcome | undefined)[] = [];
  readonly #flagStatuses: BigStatus[] = [];
  readonly #segmentStamps: number[] = [];
  readonly #matches: (Match | typeof BUSY)[] = [];
  readonly #segmentStatuses: BigStatus[] = [];

  /** The worst state of the big-segment store that was met since it was last set to none. */
  bigStatus: BigStatus = NO_BIG_STATUS;

  constructor(symbols: Symbols) {
    this.#symbols = symbols;
  }

  /** Starts an evaluation. */
  begin(programs: Programs, context: Context, bigSegments: BigSegments | undefined): void {
    this.#stamp++;
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
      this.#outcomes.push(undefined);
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

  /**
   * The outcome of a flag that others depend on, evaluated once per run: undefined when there is no such flag,
   * `'cycle'` when it is being evaluated right now. That a flag is asked for by different flags makes no difference
   * to its outcome: whoever reaches a cycle of prerequisites is malformed, wherever the walk began.
   */
  prerequisite(slot: number): Outcome | 'cycle' | undefined {
    if (this.#flagStamps[slot] === this.#stamp) {
      const known = this.#outcomes[slot];
      if (known === undefined) return 'cycle';
      this.bigStatus = worse(this.bigStatus, this.#flagStatuses[slot]!);
      return known;
    }
    const program = this.#programs.prerequisites[slot];
    if (program === undefined) return undefined;
    const before = this.bigStatus;
    this.bigStatus = NO_BIG_STATUS;
    this.#flagStamps[slot] = this.#stamp;
    this.#outcomes[slot] = undefined;
    const outcome = program(this);
    this.#outcomes[slot] = outcome;
    this.#flagStatuses[slot] = this.bigStatus;
    this.bigStatus = worse(before, this.bigStatus);
    return outcome;
  }

  /** Whether the context is in a segment, found out once per run. An unknown segment does not match; a cycle is malformed. */
  segment(slot: number): Match {
    if (this.#segmentStamps[slot] === this.#stamp) {
      const known = this.#matches[slot]!;
      if (known === BUSY) return MALFORMED;
      this.bigStatus = worse(this.bigStatus, this.#segmentStatuses[slot]!);
      return known;
    }
    const program = this.#programs.segments[slot];
    if (program === undefined) return NO_MATCH;
    const before = this.bigStatus;
    this.bigStatus = NO_BIG_STATUS;
    this.#segmentStamps[slot] = this.#stamp;
    this.#matches[slot] = BUSY;
    const match = program(this);
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
