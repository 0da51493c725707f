import type { Flag } from '../model/flag.ts';
import { asciiJson, contiguous, escapeToAscii } from './ascii.ts';
import type { EvaluationReason } from './compiled.ts';
import { Outcome } from './outcome.ts';
import type { ServeOutcomes } from './serve.ts';

/** Makes the outcomes of one flag. */
export interface OutcomeFactory {
  /** A variation that does not exist makes it malformed. By default all prerequisites are listed. */
  of(
    reason: EvaluationReason,
    variation: number | undefined,
    options?: { readonly experiment?: boolean; readonly rollout?: boolean; readonly prerequisites?: number },
  ): Outcome;
  /** `valid` false = a flag that depends on this one is malformed, too. */
  malformed(valid: boolean, prerequisites?: number): Outcome;
  /** Outcomes of the rule at an index. */
  ofRule(ruleIndex: number): ServeOutcomes;
  ofFallthrough(): ServeOutcomes;
}

const MALFORMED_FLAG: EvaluationReason = { kind: 'ERROR', errorKind: 'MALFORMED_FLAG' };

/** Makes the factory for a flag; `variationTexts` are the JSON texts of its variations. */
export function outcomeFactory(flag: Flag, variationTexts: readonly string[]): OutcomeFactory {
  const facts = {
    keyJson: asciiJson(flag.key),
    version: flag.version,
    trackEvents: flag.trackEvents,
    // ld-relay keeps it as an unsigned number.
    debugEventsUntilDate:
      flag.debugEventsUntilDate < 0 ? flag.debugEventsUntilDate + 2 ** 64 : flag.debugEventsUntilDate,
    samplingRatio: flag.samplingRatio,
  };
  const values = variationTexts.map((text) => contiguous(escapeToAscii(text)));
  const keys = flag.prerequisites.map((prerequisite) => prerequisite.key);
  const all = flag.on ? keys.length : 0;

  const malformed: OutcomeFactory['malformed'] = (valid, prerequisites = all) =>
    new Outcome({
      facts,
      valueJson: 'null',
      variation: null,
      reason: MALFORMED_FLAG,
      experiment: false,
      rollout: false,
      prerequisites: keys,
      listed: prerequisites,
      valid,
    });

  const of: OutcomeFactory['of'] = (reason, variation, options = {}) => {
    const { experiment = false, rollout = false, prerequisites = all } = options;
    const valueJson = variation === undefined ? 'null' : values[variation];
    if (valueJson === undefined) return malformed(true, prerequisites);
    return new Outcome({
      facts,
      valueJson,
      variation: variation ?? null,
      reason,
      experiment,
      rollout,
      prerequisites: keys,
      listed: prerequisites,
      valid: true,
    });
  };

  const serving = (reason: EvaluationReason, tracked: boolean): ServeOutcomes => ({
    malformed: () => malformed(true),
    variation: (variation, { rollout, inExperiment }) =>
      of(inExperiment ? { ...reason, inExperiment } : reason, variation, {
        rollout,
        experiment: inExperiment || tracked,
      }),
  });

  return {
    of,
    malformed,
    ofRule(ruleIndex) {
      const { id, trackEvents } = flag.rules[ruleIndex]!;
      return serving({ kind: 'RULE_MATCH', ruleIndex, ...(id === '' ? {} : { ruleId: id }) }, trackEvents);
    },
    ofFallthrough: () => serving({ kind: 'FALLTHROUGH' }, flag.trackEventsFallthrough),
  };
}
