import type { Segment, SegmentRule, SegmentTarget } from '../model/segment.ts';
import { BIG_SEGMENTS_NOT_CONFIGURED } from './big-status.ts';
import { weightOf } from './bucket.ts';
import { compileBucketing, LACKS_KIND } from './bucketing.ts';
import { compileClause, compileKeys } from './clauses.ts';
import type { Condition } from './condition-table.ts';
import { MALFORMED, MATCH, type Match, NO_MATCH } from './match.ts';
import type { Run, SegmentProgram } from './run.ts';
import type { Symbols } from './symbols.ts';

/** The ids of "the key of the context of this kind is one of these", one for each list that is not empty. */
function compileTargets(targets: readonly SegmentTarget[], symbols: Symbols): readonly number[] {
  return targets
    .filter((target) => target.values.length > 0)
    .map((target) => compileKeys(target.contextKind, target.values, symbols));
}

function holdsAny(ids: readonly number[], run: Run): boolean {
  for (let index = 0; index < ids.length; index++) if (run.condition(ids[index]!) === MATCH) return true;
  return false;
}

/** Whether a segment's own lists decide: undefined when they are silent. With the conditions that it uses. */
interface Lists {
  readonly decide: (run: Run) => Match | undefined;
  readonly conditions: readonly number[];
}

/** Lists of keys: included wins over excluded, silence is undefined. The contexts' lists are not for a single user (contract 12.6). */
function compileLists(segment: Segment, symbols: Symbols): Lists {
  const user = symbols.kind('');
  const ofUser = (values: readonly string[]) => compileTargets([{ contextKind: '', values }], symbols);
  const included = ofUser(segment.included);
  const excluded = ofUser(segment.excluded);
  const includedContexts = compileTargets(segment.includedContexts, symbols);
  const excludedContexts = compileTargets(segment.excludedContexts, symbols);
  return {
    conditions: [...included, ...excluded, ...includedContexts, ...excludedContexts],
    decide(run) {
      const onlyUser = run.context.members.length === 1 && run.member(user) !== undefined;
      if (holdsAny(included, run)) return MATCH;
      if (!onlyUser && holdsAny(includedContexts, run)) return MATCH;
      if (holdsAny(excluded, run)) return NO_MATCH;
      if (!onlyUser && holdsAny(excludedContexts, run)) return NO_MATCH;
      return undefined;
    },
  };
}

/** An unbounded segment: its members are in the big-segment store, not in the lists (contract 12.6). */
function compileUnbounded(segment: Segment, symbols: Symbols): Lists {
  if (segment.generation === undefined) {
    return {
      conditions: [],
      decide(run) {
        run.bigStatus = BIG_SEGMENTS_NOT_CONFIGURED;
        return NO_MATCH;
      },
    };
  }
  const kindSlot = symbols.kind(segment.unboundedContextKind);
  const ref = `${segment.key}.g${segment.generation}`;
  return {
    conditions: [],
    decide(run) {
      const member = run.member(kindSlot);
      if (member === undefined) return NO_MATCH;
      const known = run.bigSegment(member.key, ref);
      if (known === undefined) return undefined;
      return known ? MATCH : NO_MATCH;
    },
  };
}

function compileRule(rule: SegmentRule, segment: Segment, ids: readonly number[], symbols: Symbols): Condition {
  const clauses: Condition = (run) => {
    for (let index = 0; index < ids.length; index++) {
      const match = run.condition(ids[index]!);
      if (match !== MATCH) return match;
    }
    return MATCH;
  };
  if (rule.weight === undefined) return clauses;
  const weight = weightOf(rule.weight);
  const bucketing = compileBucketing(
    {
      seed: undefined,
      key: segment.key,
      salt: segment.salt,
      bucketBy: rule.bucketBy,
      contextKind: rule.rolloutContextKind,
      useSecondary: true,
    },
    symbols,
  );
  return (run) => {
    const match = clauses(run);
    if (match !== MATCH) return match;
    if (bucketing === undefined) return MALFORMED;
    const bucket = bucketing(run);
    return bucket !== LACKS_KIND && bucket < weight ? MATCH : NO_MATCH;
  };
}

/** A compiled segment and the conditions that it uses. */
export interface SegmentCode {
  readonly program: SegmentProgram;
  readonly conditions: readonly number[];
  /** Slots of the segments that its rules ask for. */
  readonly segments: readonly number[];
}

/** Compiles a segment (contract 12.6). */
export function compileSegment(segment: Segment, symbols: Symbols): SegmentCode {
  const lists = segment.unbounded ? compileUnbounded(segment, symbols) : compileLists(segment, symbols);
  const conditions = segment.rules.map((rule) => rule.clauses.map((clause) => compileClause(clause, symbols)));
  const rules = segment.rules.map((rule, index) => compileRule(rule, segment, conditions[index]!, symbols));
  const program: SegmentProgram = (run) => {
    const known = lists.decide(run);
    if (known !== undefined) return known;
    for (let index = 0; index < rules.length; index++) {
      const match = rules[index]!(run);
      if (match !== NO_MATCH) return match;
    }
    return NO_MATCH;
  };
  const asked = segment.rules.flatMap((rule) => rule.clauses).filter((clause) => clause.op === 'segmentMatch');
  const keys = asked.flatMap((clause) => clause.values).filter((value) => typeof value === 'string');
  return {
    program,
    conditions: [...lists.conditions, ...conditions.flat()],
    segments: keys.map((key) => symbols.segment(key)),
  };
}
