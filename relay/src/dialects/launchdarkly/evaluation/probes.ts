import type { Json } from '../../../json/json.ts';
import { compareMoments, type Moment, toClauseMoment } from './dates.ts';
import { isScalar, type Placement } from './matchers.ts';
import type { Relation } from './ordered-probes.ts';
import { compareVersions, toVersion, type Version } from './semver.ts';

/**
 * A condition on one attribute, as things to find out about a value: the operator is satisfied when any of them holds. Made of a
 * clause, in a form that lets many conditions be answered by one lookup.
 */
export type Probes =
  | { readonly type: 'values'; readonly values: readonly Json[] }
  | { readonly type: 'texts'; readonly placement: Placement; readonly texts: readonly string[] }
  | { readonly type: 'numbers'; readonly relation: Relation; readonly bounds: readonly number[] }
  | { readonly type: 'moments'; readonly relation: Relation; readonly bounds: readonly Moment[] }
  | { readonly type: 'versions'; readonly relation: Relation; readonly bounds: readonly Version[] };

const NUMBERS: Readonly<Record<string, readonly [Relation, 'min' | 'max']>> = {
  lessThan: ['less', 'max'],
  lessThanOrEqual: ['lessOrEqual', 'max'],
  greaterThan: ['greater', 'min'],
  greaterThanOrEqual: ['greaterOrEqual', 'min'],
};

/** Whoever is before any of several is before the last of them. */
function last<T>(values: readonly T[], compare: (a: T, b: T) => number): T[] {
  return values.toSorted(compare).slice(-1);
}

function first<T>(values: readonly T[], compare: (a: T, b: T) => number): T[] {
  return values.toSorted(compare).slice(0, 1);
}

/** The probes of an operator (contract 12.4); undefined for one that has to be asked about each value: `matches`, unknown ones. */
export function probesOf(op: string, values: readonly Json[]): Probes | undefined {
  switch (op) {
    case 'in':
      return { type: 'values', values: values.filter(isScalar) };
    case 'startsWith':
    case 'endsWith':
    case 'contains':
      return { type: 'texts', placement: op, texts: values.filter((value) => typeof value === 'string') };
    case 'before':
    case 'after': {
      const moments = values.map(toClauseMoment).filter((moment) => moment !== undefined);
      return op === 'before'
        ? { type: 'moments', relation: 'less', bounds: last(moments, compareMoments) }
        : { type: 'moments', relation: 'greater', bounds: first(moments, compareMoments) };
    }
    case 'semVerEqual':
    case 'semVerLessThan':
    case 'semVerGreaterThan': {
      const versions = values.map(toVersion).filter((version) => version !== undefined);
      if (op === 'semVerEqual') return { type: 'versions', relation: 'equal', bounds: versions };
      return op === 'semVerLessThan'
        ? { type: 'versions', relation: 'less', bounds: last(versions, compareVersions) }
        : { type: 'versions', relation: 'greater', bounds: first(versions, compareVersions) };
    }
    default: {
      const comparison = Object.hasOwn(NUMBERS, op) ? NUMBERS[op] : undefined;
      if (comparison === undefined) return undefined;
      const [relation, easiest] = comparison;
      const numbers = values.filter((value) => typeof value === 'number');
      const bounds = numbers.length === 0 ? [] : [numbers.reduce((a, b) => Math[easiest](a, b))];
      return { type: 'numbers', relation, bounds };
    }
  }
}
