import type { Compiled } from '../../../data/data.ts';
import type { Context } from '../model/context.ts';

/** Which client family asks; decides which flags it may see (contract 12.8). */
export type Audience = 'server' | 'mobile' | 'browser';

/** State of the big-segment store at the time of an evaluation (contract 12.2). */
export type BigSegmentsStatus = 'HEALTHY' | 'STALE' | 'NOT_CONFIGURED' | 'STORE_ERROR';

/** Membership of one context key in big segments, fetched before an evaluation. */
export interface BigSegmentMembership {
  /** `ref` is `KEY.gGENERATION`; undefined = the store is silent (contract 12.6). */
  lookup(ref: string): boolean | undefined;
}

/** Big-segment answers for one context, fetched before the evaluation because evaluation does no I/O. */
export interface BigSegments {
  readonly status: BigSegmentsStatus;
  /** By context key (big-segment hashes ignore the kind, contract 6.1); undefined when the key was not fetched. */
  membership(contextKey: string): BigSegmentMembership | undefined;
}

/** Options of one evaluation. */
export interface EvaluateOptions {
  readonly audience: Audience;
  readonly withReasons: boolean;
  /** Absent = no big-segment store is configured. */
  readonly bigSegments?: BigSegments;
}

/** Why a flag has its value, with members in the order that the wire has them (contract 12.2). */
export interface EvaluationReason {
  readonly kind: 'OFF' | 'FALLTHROUGH' | 'TARGET_MATCH' | 'RULE_MATCH' | 'PREREQUISITE_FAILED' | 'ERROR';
  readonly ruleIndex?: number;
  readonly ruleId?: string;
  readonly prerequisiteKey?: string;
  readonly inExperiment?: boolean;
  readonly errorKind?: string;
  readonly bigSegmentsStatus?: BigSegmentsStatus;
}

/** Result of one flag for one context. */
export interface FlagResult {
  /** JSON text of the variation, ASCII; `null` when there is none. */
  readonly valueJson: string;
  readonly variation: number | null;
  readonly version: number;
  readonly reason: EvaluationReason;
  /** The result counts for an experiment (contract 1.5). */
  readonly experiment: boolean;
  readonly trackEvents: boolean;
  readonly debugEventsUntilDate?: number;
  /** How many in one: absent when the flag does not say. */
  readonly samplingRatio?: number;
  readonly prerequisites: readonly string[];
  /** A percentage rollout chose the variation (OFREP's SPLIT). */
  readonly rollout: boolean;
}

/** A data set that is ready to answer: immutable, swapped whole. */
export interface CompiledData extends Compiled {
  /** Context kinds whose keys must be looked up in the big-segment store before evaluating; empty when no segment is unbounded. */
  readonly bigSegmentKinds: ReadonlySet<string>;
  /**
   * The evalx document for a context: one JSON object, flag key → result (contract 1.5). It is ASCII, so that its length
   * is its size in bytes and it can be written as `latin1`.
   */
  evaluateAll(context: Context, options: EvaluateOptions): string;
  /** The same in parts of some ten thousands of characters: a long string costs more to put together than its parts. */
  evaluateInParts(context: Context, options: EvaluateOptions): string[];
  /** Every flag that the audience may see with its result, in the order of the keys. */
  evaluateEach(context: Context, options: EvaluateOptions, visit: (flagKey: string, result: FlagResult) => void): void;
  /** {@link evaluateInParts} in steps that are short for a context of any size: for a context that is large. */
  evaluateInSteps(context: Context, options: EvaluateOptions): Generator<void, string[]>;
  /** {@link evaluateEach} in such steps. */
  evaluateEachInSteps(
    context: Context,
    options: EvaluateOptions,
    visit: (flagKey: string, result: FlagResult) => void,
  ): Generator<void, void>;
  /** One flag; undefined when it does not exist, is deleted, or is hidden from the audience. */
  evaluate(flagKey: string, context: Context, options: EvaluateOptions): FlagResult | undefined;
}
