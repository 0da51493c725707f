import { asciiJson, contiguous } from './ascii.ts';
import { type BigStatus, NO_BIG_STATUS, statusName } from './big-status.ts';
import type { EvaluationReason, FlagResult } from './compiled.ts';

/** What all outcomes of a flag share. */
export interface FlagFacts {
  /** The flag's key as JSON text. */
  readonly keyJson: string;
  readonly version: number;
  readonly trackEvents: boolean;
  /** ms since the epoch; 0 = not set */
  readonly debugEventsUntilDate: number;
  readonly samplingRatio: number | undefined;
}

/** What makes one outcome of a flag. */
export interface OutcomeDetail {
  readonly facts: FlagFacts;
  /** JSON text of the value, ASCII. */
  readonly valueJson: string;
  readonly variation: number | null;
  readonly reason: EvaluationReason;
  readonly experiment: boolean;
  readonly rollout: boolean;
  /** Keys of all prerequisites of the flag, of which the result lists the first `listed`: a flag has outcomes for each of them. */
  readonly prerequisites: readonly string[];
  readonly listed: number;
  /** False when the flag is too broken to serve as a prerequisite: the flag that depends on it is malformed as well. */
  readonly valid: boolean;
}

/**
 * One of the few results that a flag can have. All are known when the flag is compiled; evaluation only picks one. Its
 * JSON is encoded the first time it is picked, and kept.
 */
export class Outcome {
  readonly detail: OutcomeDetail;
  /** See {@link OutcomeDetail.valid}. */
  readonly valid: boolean;
  /** The variation that a flag depending on this one compares with: undefined when it is off or has none (contract 14, row 36). */
  readonly variationWhenOn: number | undefined;
  /** What {@link text} gives without reasons, once it was asked and when it is the same whatever the state of the store. */
  plain: string | undefined;
  /** By state of the big-segment store. */
  #withReason: (string | undefined)[] | undefined;

  constructor(detail: OutcomeDetail) {
    this.detail = detail;
    this.valid = detail.valid;
    this.variationWhenOn = detail.reason.kind === 'OFF' || detail.variation === null ? undefined : detail.variation;
  }

  /** The member of the evalx document (contract 1.5), with a leading comma: `,"key":{…}`. ASCII. */
  text(withReasons: boolean, status: BigStatus): string {
    if (!withReasons && !this.detail.experiment) {
      this.plain ??= this.#encode(undefined);
      return this.plain;
    }
    const known = this.#withReason?.[status];
    if (known !== undefined) return known;
    const text = this.#encode(this.#reason(status));
    this.#withReason ??= [];
    this.#withReason[status] = text;
    return text;
  }

  /** The outcome as a value of its own. */
  result(status: BigStatus): FlagResult {
    const { facts, valueJson, variation, experiment, rollout } = this.detail;
    return {
      valueJson,
      variation,
      version: facts.version,
      reason: this.#reason(status),
      experiment,
      trackEvents: facts.trackEvents || experiment,
      ...(facts.debugEventsUntilDate === 0 ? {} : { debugEventsUntilDate: facts.debugEventsUntilDate }),
      ...(facts.samplingRatio === undefined ? {} : { samplingRatio: facts.samplingRatio }),
      prerequisites: this.#prerequisites(),
      rollout,
    };
  }

  #prerequisites(): readonly string[] {
    const { prerequisites, listed } = this.detail;
    return listed === prerequisites.length ? prerequisites : prerequisites.slice(0, listed);
  }

  #reason(status: BigStatus): EvaluationReason {
    const bigSegmentsStatus = status === NO_BIG_STATUS ? undefined : statusName(status);
    return bigSegmentsStatus === undefined ? this.detail.reason : { ...this.detail.reason, bigSegmentsStatus };
  }

  #encode(reason: EvaluationReason | undefined): string {
    const { facts, valueJson, variation, experiment } = this.detail;
    const prerequisites = this.#prerequisites();
    let text = `,${facts.keyJson}:{"value":${valueJson},"variation":${variation},"version":${facts.version}`;
    if (facts.trackEvents || experiment) text += ',"trackEvents":true';
    if (experiment) text += ',"trackReason":true';
    if (reason !== undefined) text += `,"reason":${asciiJson(reason)}`;
    if (facts.debugEventsUntilDate !== 0) text += `,"debugEventsUntilDate":${facts.debugEventsUntilDate}`;
    if (prerequisites.length > 0) text += `,"prerequisites":${asciiJson(prerequisites)}`;
    return contiguous(`${text}}`);
  }
}
