import type { Flag } from '../model/flag.ts';
import { compileClause, compileKeys } from './clauses.ts';
import type { EvaluationReason } from './compiled.ts';
import { Outcome } from './outcome.ts';
import { type OutcomeFactory, outcomeFactory } from './outcome-factory.ts';
import type { FlagCode, Gate, Serve } from './program.ts';
import { compileServe } from './serve.ts';
import type { Symbols } from './symbols.ts';
import { orderedTargets } from './targets.ts';

function compilePrerequisites(flag: Flag, symbols: Symbols, outcomes: OutcomeFactory): Gate | undefined {
  if (!flag.on || flag.prerequisites.length === 0) return undefined;
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

/** A flag's code in the making. */
interface Assembly {
  readonly code: number[];
  readonly outcomes: Outcome[];
  readonly serves: Serve[];
  readonly conditions: number[];
}

function addServe(assembly: Assembly, serve: Serve | Outcome): void {
  assembly.code.push(serve instanceof Outcome ? assembly.outcomes.push(serve) - 1 : ~(assembly.serves.push(serve) - 1));
}

function addRule(assembly: Assembly, conditions: readonly number[], serve: Serve | Outcome): void {
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
  const assembly: Assembly = { code: [0], outcomes: [outcomes.malformed(false)], serves: [], conditions: [] };
  const targets = flag.on ? orderedTargets(flag) : [];
  const rules = flag.on ? flag.rules : [];
  assembly.code[0] = targets.length + rules.length;
  for (const { contextKind, values, variation } of targets) {
    const condition = compileKeys(contextKind, values, symbols);
    addRule(assembly, [condition], outcomes.of({ kind: 'TARGET_MATCH' }, variation));
  }
  rules.forEach((rule, index) => {
    const conditions = rule.clauses.map((clause) => compileClause(clause, symbols));
    addRule(assembly, conditions, compileServe(rule.serve, flag, symbols, outcomes.ofRule(index)));
  });
  const rest = flag.on
    ? compileServe(flag.fallthrough, flag, symbols, outcomes.ofFallthrough())
    : outcomes.of({ kind: 'OFF' }, flag.offVariation);
  addServe(assembly, rest);
  const gate = compilePrerequisites(flag, symbols, outcomes);
  const isConstant = gate === undefined && assembly.code[0] === 0 && rest instanceof Outcome;
  return { ...assembly, gate, constant: isConstant ? rest : undefined };
}
