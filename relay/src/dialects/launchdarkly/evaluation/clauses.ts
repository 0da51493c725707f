import type { Clause } from '../model/clause.ts';
import { type Condition, type ConditionSteps, conditionName } from './condition-table.ts';
import { MALFORMED, MATCH, type Match, NO_MATCH } from './match.ts';
import { anyMatcher, momentMatcher, PatternTests, versionMatcher } from './matchers.ts';
import { probesOf } from './probes.ts';
import type { Symbols } from './symbols.ts';

// Stand for the attribute in the names of conditions that have no slot.
const NO_ATTRIBUTE = -1;
const ALL_KINDS = -2;

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

/** Elements of a list that a pattern is tried on in one step. */
const STEP = 200;

/** The condition of a clause with patterns, of which each may take a while for a long text. */
function patternCondition(clause: Clause, slot: number): { condition: Condition; steps: ConditionSteps } {
  const tests = new PatternTests(clause.values);
  const matches = (value: unknown): boolean => typeof value === 'string' && tests.any(value);
  const [yes, no]: [Match, Match] = clause.negate ? [NO_MATCH, MATCH] : [MATCH, NO_MATCH];
  return {
    condition(run) {
      const value = run.value(slot);
      if (value === undefined) return NO_MATCH;
      return (Array.isArray(value) ? value.some(matches) : matches(value)) ? yes : no;
    },
    *steps(run) {
      const value = run.value(slot);
      if (value === undefined) return NO_MATCH;
      const list = Array.isArray(value) ? value : [value];
      for (let index = 0; index < tests.size; index++) {
        for (let at = 0; at < list.length; at++) {
          const element = list[at];
          if (typeof element === 'string' && tests.test(index, element)) return yes;
          if (at % STEP === STEP - 1) yield;
        }
        yield;
      }
      return no;
    },
  };
}

/**
 * Compiles a clause and returns the id of its condition. A missing kind or attribute does not match whatever `negate`
 * says; an unknown operator and an empty list of values do not match and are then negated (contract 12.4, 14 row 32).
 */
export function compileClause(clause: Clause, symbols: Symbols): number {
  const { conditions } = symbols;
  const { attribute, contextKind, op, values, negate } = clause;
  if (op === 'segmentMatch') {
    const name = conditionName(NO_ATTRIBUTE, op, negate, values);
    return conditions.add(name, values.length, segmentCondition(clause, symbols));
  }
  const slot = symbols.attribute(attribute, contextKind);
  if (slot === undefined) return conditions.add('malformed', 0, malformed);
  if (attribute === 'kind') {
    const name = conditionName(ALL_KINDS, op, negate, values);
    return conditions.add(name, values.length, kindCondition(clause));
  }
  const name = conditionName(slot, op, negate, values);
  if (op === 'matches') {
    const { condition, steps } = patternCondition(clause, slot);
    return conditions.add(name, values.length, condition, undefined, steps);
  }
  const probes = probesOf(op, values);
  const indexable = probes === undefined ? undefined : { attribute: slot, probes, negate };
  return conditions.add(name, values.length, attributeCondition(clause, slot), indexable);
}

/** Compiles "the key of the context of this kind is one of these". */
export function compileKeys(contextKind: string, keys: readonly string[], symbols: Symbols): number {
  const clause = { contextKind, attribute: 'key', op: 'in', values: keys as string[], negate: false };
  return compileClause(clause, symbols);
}
