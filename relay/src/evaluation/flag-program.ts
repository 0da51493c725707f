import type { Flag } from '../model/flag.ts';
import { asciiJson, contiguous, escapeToAscii } from './ascii.ts';
import { compileClauses } from './clauses.ts';
import type { EvaluationReason } from './compiled.ts';
import { Outcome } from './outcome.ts';
import { type FlagProgram, MALFORMED, NO_MATCH } from './run.ts';
import { compileServe, type ServeOutcomes } from './serve.ts';
import type { Symbols } from './symbols.ts';
import { compileTargeting } from './targets.ts';

/** Makes outcomes of one flag. */
interface OutcomeFactory {
  of(
    reason: EvaluationReason,
    variation: number | undefined,
    options?: { readonly experiment?: boolean; readonly rollout?: boolean; readonly prerequisites?: number },
  ): Outcome;
  /** `valid` false = a flag that depends on this one is malformed, too. */
  malformed(valid: boolean, prerequisites?: number): Outcome;
}

const MALFORMED_FLAG: EvaluationReason = { kind: 'ERROR', errorKind: 'MALFORMED_FLAG' };

function outcomeFactory(flag: Flag, variationTexts: readonly string[]): OutcomeFactory {
  const facts = {
    keyJson: asciiJson(flag.key),
    version: flag.version,
    trackEvents: flag.trackEvents,
    // ld-relay keeps it as an unsigned number.
    debugEventsUntilDate:
      flag.debugEventsUntilDate < 0 ? flag.debugEventsUntilDate + 2 ** 64 : flag.debugEventsUntilDate,
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
      prerequisites: keys.slice(0, prerequisites),
      valid,
    });
  return {
    malformed,
    of(reason, variation, { experiment = false, rollout = false, prerequisites = all } = {}) {
      const valueJson = variation === undefined ? 'null' : values[variation];
      if (valueJson === undefined) return malformed(true, prerequisites);
      return new Outcome({
        facts,
        valueJson,
        variation: variation ?? null,
        reason,
        experiment,
        rollout,
        prerequisites: keys.slice(0, prerequisites),
        valid: true,
      });
    },
  };
}

/** Undefined = all prerequisites are met; else the outcome. */
type Gate = (run: Parameters<FlagProgram>[0]) => Outcome | undefined;

function compilePrerequisites(flag: Flag, symbols: Symbols, outcomes: OutcomeFactory): Gate | undefined {
  if (flag.prerequisites.length === 0) return undefined;
  const gates = flag.prerequisites.map(({ key, variation }, index) => {
    const reason: EvaluationReason = { kind: 'PREREQUISITE_FAILED', prerequisiteKey: key };
    return {
      slot: symbols.prerequisite(key),
      variation,
      // A missing flag is not listed among the prerequisites, a failing one is (contract 1.5).
      missing: outcomes.of(reason, flag.offVariation, { prerequisites: index }),
      failed: outcomes.of(reason, flag.offVariation, { prerequisites: index + 1 }),
      malformed: outcomes.malformed(false, index),
    };
  });
  return (run) => {
    for (let index = 0; index < gates.length; index++) {
      const gate = gates[index]!;
      const outcome = run.prerequisite(gate.slot);
      if (outcome === undefined) return gate.missing;
      if (outcome === 'cycle' || !outcome.valid) return gate.malformed;
      if (outcome.variationWhenOn !== gate.variation) return gate.failed;
    }
    return undefined;
  };
}

function ruleOutcomes(flag: Flag, ruleIndex: number, outcomes: OutcomeFactory): ServeOutcomes {
  const rule = flag.rules[ruleIndex]!;
  const base: EvaluationReason = {
    kind: 'RULE_MATCH',
    ruleIndex,
    ...(rule.id === '' ? {} : { ruleId: rule.id }),
  };
  return {
    malformed: () => outcomes.malformed(true),
    variation: (variation, { rollout, inExperiment }) =>
      outcomes.of(inExperiment ? { ...base, inExperiment } : base, variation, {
        rollout,
        experiment: inExperiment || rule.trackEvents,
      }),
  };
}

function fallthroughOutcomes(flag: Flag, outcomes: OutcomeFactory): ServeOutcomes {
  return {
    malformed: () => outcomes.malformed(true),
    variation: (variation, { rollout, inExperiment }) =>
      outcomes.of({ kind: 'FALLTHROUGH', ...(inExperiment ? { inExperiment } : {}) }, variation, {
        rollout,
        experiment: inExperiment || flag.trackEventsFallthrough,
      }),
  };
}

function compileRules(flag: Flag, symbols: Symbols, outcomes: OutcomeFactory): Gate | undefined {
  if (flag.rules.length === 0) return undefined;
  const invalid = outcomes.malformed(false);
  const rules = flag.rules.map((rule, index) => {
    const serve = compileServe(rule.serve, flag, symbols, ruleOutcomes(flag, index, outcomes));
    return {
      condition: compileClauses(rule.clauses, symbols),
      outcome: serve instanceof Outcome ? serve : undefined,
      serve: serve instanceof Outcome ? () => serve : serve,
    };
  });
  return (run) => {
    for (let index = 0; index < rules.length; index++) {
      const rule = rules[index]!;
      const match = rule.condition(run);
      if (match === NO_MATCH) continue;
      if (match === MALFORMED) return invalid;
      return rule.outcome ?? rule.serve(run);
    }
    return undefined;
  };
}

/**
 * Compiles a flag: an outcome when it has the same one for every context, else a program that picks one in the order of
 * contract 12.2. `variationTexts` are the JSON texts of its variations.
 */
export function compileFlag(flag: Flag, variationTexts: readonly string[], symbols: Symbols): FlagProgram | Outcome {
  const outcomes = outcomeFactory(flag, variationTexts);
  if (!flag.on) return outcomes.of({ kind: 'OFF' }, flag.offVariation);
  const prerequisites = compilePrerequisites(flag, symbols, outcomes);
  const targeting = compileTargeting(flag, symbols, (variation) => outcomes.of({ kind: 'TARGET_MATCH' }, variation));
  const rules = compileRules(flag, symbols, outcomes);
  const fallthrough = compileServe(flag.fallthrough, flag, symbols, fallthroughOutcomes(flag, outcomes));
  if (fallthrough instanceof Outcome) {
    if (prerequisites === undefined && targeting === undefined && rules === undefined) return fallthrough;
    return (run) => prerequisites?.(run) ?? targeting?.(run) ?? rules?.(run) ?? fallthrough;
  }
  return (run) => prerequisites?.(run) ?? targeting?.(run) ?? rules?.(run) ?? fallthrough(run);
}
