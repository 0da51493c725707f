import type { Clause } from '../model/clause.ts';
import { anyMatcher, momentMatcher, versionMatcher } from './matchers.ts';
import { MALFORMED, MATCH, type Match, NO_MATCH, type Run } from './run.ts';
import type { Symbols } from './symbols.ts';

/** Tells whether the context of a run satisfies a clause, or all clauses of a rule. */
export type Condition = (run: Run) => Match;

const malformed: Condition = () => MALFORMED;

function segmentCondition(clause: Clause, symbols: Symbols): Condition {
  const slots = clause.values.filter((value) => typeof value === 'string').map((key) => symbols.segment(key));
  const [yes, no]: [Match, Match] = clause.negate ? [NO_MATCH, MATCH] : [MATCH, NO_MATCH];
  return (run) => {
    for (let index = 0; index < slots.length; index++) {
      const match = run.segment(slots[index]!);
      if (match === MALFORMED) return MALFORMED;
      if (match === MATCH) return yes;
    }
    return no;
  };
}

/** The attribute `kind` is tested against every kind of the context; negation applies to the whole (contract 12.4). */
function kindCondition(clause: Clause): Condition {
  const matches = anyMatcher(clause.op, clause.values);
  const { negate } = clause;
  return (run) => (run.context.kinds.some(matches) !== negate ? MATCH : NO_MATCH);
}

function attributeCondition(clause: Clause, slot: number): Condition {
  const { op, values, negate } = clause;
  const matches = anyMatcher(op, values);
  const ofMoment = momentMatcher(op, values);
  const ofVersion = versionMatcher(op, values);
  const [yes, no]: [Match, Match] = negate ? [NO_MATCH, MATCH] : [MATCH, NO_MATCH];
  if (ofMoment !== undefined) {
    return (run) => {
      const value = run.value(slot);
      if (value === undefined) return NO_MATCH;
      if (Array.isArray(value)) return value.some(matches) ? yes : no;
      const moment = run.moment(slot);
      return moment !== undefined && ofMoment(moment) ? yes : no;
    };
  }
  if (ofVersion !== undefined) {
    return (run) => {
      const value = run.value(slot);
      if (value === undefined) return NO_MATCH;
      if (Array.isArray(value)) return value.some(matches) ? yes : no;
      const version = run.version(slot);
      return version !== undefined && ofVersion(version) ? yes : no;
    };
  }
  return (run) => {
    const value = run.value(slot);
    if (value === undefined) return NO_MATCH;
    if (Array.isArray(value)) return value.some(matches) ? yes : no;
    return matches(value) ? yes : no;
  };
}

/**
 * Compiles a clause. A missing kind or attribute does not match whatever `negate` says; an unknown operator and an
 * empty list of values do not match and are then negated (contract 12.4, 14 row 32).
 */
export function compileClause(clause: Clause, symbols: Symbols): Condition {
  if (clause.op === 'segmentMatch') return segmentCondition(clause, symbols);
  const slot = symbols.attribute(clause.attribute, clause.contextKind);
  if (slot === undefined) return malformed;
  return clause.attribute === 'kind' ? kindCondition(clause) : attributeCondition(clause, slot);
}

/** Compiles the clauses of a rule, which must all be satisfied; none at all is satisfied. */
export function compileClauses(clauses: readonly Clause[], symbols: Symbols): Condition {
  const conditions = clauses.map((clause) => compileClause(clause, symbols));
  const [first, second] = conditions;
  if (first === undefined) return () => MATCH;
  if (second === undefined) return first;
  if (conditions.length === 2) {
    return (run) => {
      const match = first(run);
      return match === MATCH ? second(run) : match;
    };
  }
  return (run) => {
    for (let index = 0; index < conditions.length; index++) {
      const match = conditions[index]!(run);
      if (match !== MATCH) return match;
    }
    return MATCH;
  };
}
