import type { Segment, SegmentRule, SegmentTarget } from '../model/segment.ts';
import { BIG_SEGMENTS_NOT_CONFIGURED } from './big-status.ts';
import { weightOf } from './bucket.ts';
import { compileBucketing, LACKS_KIND } from './bucketing.ts';
import { compileClause } from './clauses.ts';
import type { Condition } from './condition-table.ts';
import { MALFORMED, MATCH, type Match, NO_MATCH } from './match.ts';
import type { Run, SegmentProgram } from './run.ts';
import type { Symbols } from './symbols.ts';

type Members = (run: Run) => boolean;

function keySet(values: readonly string[]): ReadonlySet<string> | undefined {
  return values.length === 0 ? undefined : new Set(values);
}

function compileTargets(targets: readonly SegmentTarget[], symbols: Symbols): Members | undefined {
  const sets = targets
    .filter((target) => target.values.length > 0)
    .map((target) => ({ kindSlot: symbols.kind(target.contextKind), keys: new Set(target.values) }));
  if (sets.length === 0) return undefined;
  return (run) => {
    for (const { kindSlot, keys } of sets) {
      const member = run.member(kindSlot);
      if (member !== undefined && keys.has(member.key)) return true;
    }
    return false;
  };
}

/** Lists of keys: included wins over excluded, silence is undefined. The contexts' lists are not for a single user (contract 12.6). */
function compileLists(segment: Segment, symbols: Symbols): (run: Run) => Match | undefined {
  const user = symbols.kind('');
  const included = keySet(segment.included);
  const excluded = keySet(segment.excluded);
  const includedContexts = compileTargets(segment.includedContexts, symbols);
  const excludedContexts = compileTargets(segment.excludedContexts, symbols);
  return (run) => {
    const key = run.member(user)?.key;
    const onlyUser = key !== undefined && run.context.members.length === 1;
    if (key !== undefined && included?.has(key)) return MATCH;
    if (!onlyUser && includedContexts?.(run)) return MATCH;
    if (key !== undefined && excluded?.has(key)) return NO_MATCH;
    if (!onlyUser && excludedContexts?.(run)) return NO_MATCH;
    return undefined;
  };
}

/** An unbounded segment: its members are in the big-segment store, not in the lists (contract 12.6). */
function compileUnbounded(segment: Segment, symbols: Symbols): (run: Run) => Match | undefined {
  if (segment.generation === undefined) {
    return (run) => {
      run.bigStatus = BIG_SEGMENTS_NOT_CONFIGURED;
      return NO_MATCH;
    };
  }
  const kindSlot = symbols.kind(segment.unboundedContextKind);
  const ref = `${segment.key}.g${segment.generation}`;
  return (run) => {
    const member = run.member(kindSlot);
    if (member === undefined) return NO_MATCH;
    const known = run.bigSegment(member.key, ref);
    if (known === undefined) return undefined;
    return known ? MATCH : NO_MATCH;
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
}

/** Compiles a segment (contract 12.6). */
export function compileSegment(segment: Segment, symbols: Symbols): SegmentCode {
  const members = segment.unbounded ? compileUnbounded(segment, symbols) : compileLists(segment, symbols);
  const conditions = segment.rules.map((rule) => rule.clauses.map((clause) => compileClause(clause, symbols)));
  const rules = segment.rules.map((rule, index) => compileRule(rule, segment, conditions[index]!, symbols));
  const program: SegmentProgram = (run) => {
    const known = members(run);
    if (known !== undefined) return known;
    for (let index = 0; index < rules.length; index++) {
      const match = rules[index]!(run);
      if (match !== NO_MATCH) return match;
    }
    return NO_MATCH;
  };
  return { program, conditions: conditions.flat() };
}
