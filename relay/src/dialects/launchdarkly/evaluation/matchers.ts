import type { Json } from '../../../json/json.ts';
import { compareMoments, type Moment, toClauseMoment, toMoment } from './dates.ts';
import { compilePattern, type TextTest } from './pattern.ts';
import { PrefixSearch } from './prefix-search.ts';
import { compareVersions, toVersion, type Version } from './semver.ts';
import { TextSearch } from './text-search.ts';

/** How a text has to lie in a value. */
export type Placement = 'startsWith' | 'endsWith' | 'contains';

/** Tells whether one value of a context satisfies an operator with any of the clause's values (contract 12.4). */
export type Matcher = (value: Json) => boolean;

/** Tells whether an already read date or version satisfies an operator with any of the clause's values. */
export type MomentMatcher = (moment: Moment) => boolean;
export type VersionMatcher = (version: Version) => boolean;

const never: Matcher = () => false;

/** Whether a value can be equal to anything: not null, an array or an object. */
export function isScalar(value: Json): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function oneOf(values: readonly Json[]): Matcher {
  const scalars = values.filter(isScalar);
  if (scalars.length === 0) return never;
  if (scalars.length === 1) {
    const only = scalars[0];
    return (value) => value === only;
  }
  // Most are answered by an index (`attribute-index.ts`) and never asked here.
  let set: Set<Json> | undefined;
  return (value) => {
    set ??= new Set(scalars);
    return set.has(value);
  };
}

/** So many texts are looked for one by one; above, in one search for all. */
const FEW_TEXTS = 16;

const PLACED: Readonly<Record<Placement, (text: string, part: string) => boolean>> = {
  startsWith: (text, part) => text.startsWith(part),
  endsWith: (text, part) => text.endsWith(part),
  contains: (text, part) => text.includes(part),
};

/** Makes a search for many texts at once. They must be distinct. */
export function searchOf(placement: Placement, texts: readonly string[]): PrefixSearch | TextSearch {
  return placement === 'contains' ? new TextSearch(texts) : new PrefixSearch(texts, placement === 'endsWith');
}

function texts(values: readonly Json[], placement: Placement): Matcher {
  const parts = values.filter((value) => typeof value === 'string');
  const test = PLACED[placement];
  if (parts.length === 0) return never;
  if (parts.length === 1) {
    const part = parts[0]!;
    return (value) => typeof value === 'string' && test(value, part);
  }
  if (parts.length <= FEW_TEXTS) {
    return (value) => typeof value === 'string' && parts.some((part) => test(value, part));
  }
  // Made when a text is first looked at, as patterns are.
  let search: PrefixSearch | TextSearch | undefined;
  return (value) => {
    if (typeof value !== 'string') return false;
    search ??= searchOf(placement, [...new Set(parts)]);
    return search.any(value);
  };
}

/** The tests of a list of patterns, each compiled when it is first asked for: those of a large data set take longer than all the rest of it. */
export class PatternTests {
  readonly #sources: readonly string[];
  readonly #tests: (TextTest | null)[] = [];

  constructor(values: readonly Json[]) {
    this.#sources = values.filter((value) => typeof value === 'string');
  }

  /** How many there are. */
  get size(): number {
    return this.#sources.length;
  }

  /** Whether a text matches the pattern at an index; false for one that is not valid. Throws TooCostlyError, see {@link compilePattern}. */
  test(index: number, text: string): boolean {
    const known = this.#tests[index];
    const test = known === undefined ? this.#compile(index) : known;
    return test?.(text) ?? false;
  }

  /** Whether a text matches any of them. */
  any(text: string): boolean {
    for (let index = 0; index < this.#sources.length; index++) if (this.test(index, text)) return true;
    return false;
  }

  #compile(index: number): TextTest | null {
    const test = compilePattern(this.#sources[index]!) ?? null;
    this.#tests[index] = test;
    return test;
  }
}

function patterns(values: readonly Json[]): Matcher {
  const tests = new PatternTests(values);
  if (tests.size === 0) return never;
  return (value) => typeof value === 'string' && tests.any(value);
}

// A comparison with any of several numbers is a comparison with the easiest of them.
function numbers(values: readonly Json[], easiest: 'min' | 'max', test: (a: number, b: number) => boolean): Matcher {
  const bounds = values.filter((value) => typeof value === 'number');
  if (bounds.length === 0) return never;
  const bound = bounds.reduce((a, b) => Math[easiest](a, b));
  return (value) => typeof value === 'number' && test(value, bound);
}

/** Makes the matcher of an operator other than dates and versions; an unknown operator matches nothing. */
function plainMatcher(op: string, values: readonly Json[]): Matcher {
  switch (op) {
    case 'in':
      return oneOf(values);
    case 'startsWith':
      return texts(values, 'startsWith');
    case 'endsWith':
      return texts(values, 'endsWith');
    case 'contains':
      return texts(values, 'contains');
    case 'matches':
      return patterns(values);
    case 'lessThan':
      return numbers(values, 'max', (a, b) => a < b);
    case 'lessThanOrEqual':
      return numbers(values, 'max', (a, b) => a <= b);
    case 'greaterThan':
      return numbers(values, 'min', (a, b) => a > b);
    case 'greaterThanOrEqual':
      return numbers(values, 'min', (a, b) => a >= b);
    default:
      return never;
  }
}

/** Makes the matcher of `before` or `after`; undefined for other operators. */
export function momentMatcher(op: string, values: readonly Json[]): MomentMatcher | undefined {
  if (op !== 'before' && op !== 'after') return undefined;
  const moments = values.map(toClauseMoment).filter((moment) => moment !== undefined);
  if (moments.length === 0) return () => false;
  const ordered = moments.toSorted(compareMoments);
  const first = ordered[0]!;
  const last = ordered.at(-1)!;
  return op === 'before' ? (moment) => compareMoments(moment, last) < 0 : (moment) => compareMoments(moment, first) > 0;
}

/** Makes the matcher of a semVer operator; undefined for other operators. */
export function versionMatcher(op: string, values: readonly Json[]): VersionMatcher | undefined {
  if (op !== 'semVerEqual' && op !== 'semVerLessThan' && op !== 'semVerGreaterThan') return undefined;
  const versions = values.map(toVersion).filter((version) => version !== undefined);
  if (versions.length === 0) return () => false;
  const ordered = versions.toSorted(compareVersions);
  if (op === 'semVerEqual') return (version) => isAmong(ordered, version);
  const first = ordered[0]!;
  const last = ordered.at(-1)!;
  return op === 'semVerLessThan'
    ? (version) => compareVersions(version, last) < 0
    : (version) => compareVersions(version, first) > 0;
}

function isAmong(ordered: readonly Version[], version: Version): boolean {
  let low = 0;
  let high = ordered.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const order = compareVersions(ordered[middle]!, version);
    if (order === 0) return true;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return false;
}

/** The matcher of any operator for a value that is looked at once: an element of an array, a kind. */
export function anyMatcher(op: string, values: readonly Json[]): Matcher {
  const ofMoment = momentMatcher(op, values);
  if (ofMoment !== undefined) return (value) => satisfies(toMoment(value), ofMoment);
  const ofVersion = versionMatcher(op, values);
  if (ofVersion !== undefined) return (value) => satisfies(toVersion(value), ofVersion);
  return plainMatcher(op, values);
}

function satisfies<T>(value: T | undefined, test: (value: T) => boolean): boolean {
  return value !== undefined && test(value);
}
