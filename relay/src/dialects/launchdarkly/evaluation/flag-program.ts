import type { Flag } from '../model/flag.ts';
import { compileClause, compileKeys } from './clauses.ts';
import type { EvaluationReason } from './compiled.ts';
import { Outcome } from './outcome.ts';
import { type OutcomeFactory, outcomeFactory } from './outcome-factory.ts';
import { type FlagCode, wantedVariation } from './program.ts';
import type { RolloutCode } from './rollout-code.ts';
import { compileServe } from './serve.ts';
import type { Symbols } from './symbols.ts';
import { orderedTargets } from './targets.ts';

/** A flag's code in the making. */
interface Assembly {
  readonly code: number[];
  readonly outcomes: Outcome[];
  readonly rollouts: RolloutCode[];
  readonly conditions: number[];
}

function addPrerequisites(assembly: Assembly, flag: Flag, symbols: Symbols, outcomes: OutcomeFactory): void {
  const prerequisites = flag.on ? flag.prerequisites : [];
  assembly.code.push(prerequisites.length);
  prerequisites.forEach(({ key, variation }, index) => {
    const reason: EvaluationReason = { kind: 'PREREQUISITE_FAILED', prerequisiteKey: key };
    assembly.code.push(symbols.prerequisite(key), wantedVariation(variation));
    // A missing flag is not listed among the prerequisites, a failing one is (contract 1.5).
    assembly.code.push(assembly.outcomes.push(outcomes.of(reason, flag.offVariation, { prerequisites: index })) - 1);
    assembly.code.push(
      assembly.outcomes.push(outcomes.of(reason, flag.offVariation, { prerequisites: index + 1 })) - 1,
    );
    assembly.code.push(assembly.outcomes.push(outcomes.malformed(false, index)) - 1);
  });
}

function addServe(assembly: Assembly, serve: RolloutCode | Outcome): void {
  const index = serve instanceof Outcome ? assembly.outcomes.push(serve) - 1 : ~(assembly.rollouts.push(serve) - 1);
  assembly.code.push(index);
}

function addRule(assembly: Assembly, conditions: readonly number[], serve: RolloutCode | Outcome): void {
  assembly.code.push(conditions.length, ...conditions);
  assembly.conditions.push(...conditions);
  addServe(assembly, serve);
}

/** A compiled flag and the conditions that it uses. */
export interface CompiledFlagCode extends FlagCode {
  readonly conditions: readonly number[];
  /** The outcome, when it is the same for every context. */
  readonly constant: Outcome | undefined;
}

/** Compiles a flag (contract 12.2). `variationTexts` are the JSON texts of its variations. */
export function compileFlag(flag: Flag, variationTexts: readonly string[], symbols: Symbols): CompiledFlagCode {
  const outcomes = outcomeFactory(flag, variationTexts);
  const assembly: Assembly = { code: [], outcomes: [outcomes.malformed(false)], rollouts: [], conditions: [] };
  const keep = (outcome: Outcome): number => assembly.outcomes.push(outcome) - 1;
  const targets = flag.on ? orderedTargets(flag) : [];
  const rules = flag.on ? flag.rules : [];
  addPrerequisites(assembly, flag, symbols, outcomes);
  assembly.code.push(targets.length + rules.length);
  for (const { contextKind, values, variation } of targets) {
    const condition = compileKeys(contextKind, values, symbols);
    addRule(assembly, [condition], outcomes.of({ kind: 'TARGET_MATCH' }, variation));
  }
  rules.forEach((rule, index) => {
    const conditions = rule.clauses.map((clause) => compileClause(clause, symbols));
    addRule(assembly, conditions, compileServe(rule.serve, flag, symbols, outcomes.ofRule(index), keep));
  });
  const rest = flag.on
    ? compileServe(flag.fallthrough, flag, symbols, outcomes.ofFallthrough(), keep)
    : outcomes.of({ kind: 'OFF' }, flag.offVariation);
  addServe(assembly, rest);
  const isConstant = targets.length + rules.length === 0 && (!flag.on || flag.prerequisites.length === 0);
  return { ...assembly, constant: isConstant && rest instanceof Outcome ? rest : undefined };
}
