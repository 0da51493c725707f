/** A parsed semantic version; build metadata is dropped because it never counts. */
export interface Version {
  readonly major: number | bigint;
  readonly minor: number | bigint;
  readonly patch: number | bigint;
  /** Identifiers; those that consist of digits as numbers. */
  readonly prerelease: readonly (string | number | bigint)[];
}

const SEMVER =
  /^(0|[1-9]\d*)(?:\.(0|[1-9]\d*)(?:\.(0|[1-9]\d*))?)?(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/;

/** 10^64 is a multiple of 2^64: digits beyond the last 64 leave no trace. */
const DIGITS_THAT_COUNT = 64;

/**
 * ld-relay keeps version numbers in 64 bits; longer ones wrap around there, so they do here. A BigInt of all digits would cost more
 * than their number.
 */
function component(digits: string | undefined): number | bigint {
  if (digits === undefined) return 0;
  return digits.length < 16 ? Number(digits) : BigInt.asIntN(64, BigInt(digits.slice(-DIGITS_THAT_COUNT)));
}

const NUMERIC = /^\d+$/;
const LEADING_ZERO = /(?:^|\.)0\d+(?:\.|$)/;
const NO_IDENTIFIERS: readonly never[] = [];

/** What comes behind so many identifiers does not count: no version has them but one that is made to take time. */
const MAX_IDENTIFIERS = 1024;

/** The identifiers of a prerelease; undefined when a number among them has leading zeros. */
function identifiersOf(prerelease: string): (string | number | bigint)[] | undefined {
  if (LEADING_ZERO.test(prerelease)) return undefined;
  return prerelease
    .split('.', MAX_IDENTIFIERS)
    .map((identifier) => (NUMERIC.test(identifier) ? component(identifier) : identifier));
}

/**
 * Parses a semantic version in which minor and patch may be missing (contract 12.4). Undefined when it is none: `v2`,
 * leading zeros, and anything that is not a string.
 */
export function toVersion(value: unknown): Version | undefined {
  if (typeof value !== 'string') return undefined;
  const match = SEMVER.exec(value);
  if (match === null) return undefined;
  const prerelease = match[4] === undefined ? NO_IDENTIFIERS : identifiersOf(match[4]);
  if (prerelease === undefined) return undefined;
  return { major: component(match[1]), minor: component(match[2]), patch: component(match[3]), prerelease };
}

function compare<T extends number | bigint | string>(a: T, b: T): number {
  if (a < b) return -1;
  return a > b ? 1 : 0;
}

function compareIdentifiers(a: string | number | bigint, b: string | number | bigint): number {
  if (typeof a === 'string') return typeof b === 'string' ? compare(a, b) : 1;
  return typeof b === 'string' ? -1 : compare(a, b);
}

/** Precedence of two versions by semver's rules: -1, 0 or 1. */
export function compareVersions(a: Version, b: Version): number {
  const numbers = compare(a.major, b.major) || compare(a.minor, b.minor) || compare(a.patch, b.patch);
  if (numbers !== 0) return numbers;
  if (a.prerelease.length === 0 || b.prerelease.length === 0) return compare(b.prerelease.length, a.prerelease.length);
  const shared = Math.min(a.prerelease.length, b.prerelease.length);
  for (let index = 0; index < shared; index++) {
    const order = compareIdentifiers(a.prerelease[index]!, b.prerelease[index]!);
    if (order !== 0) return order;
  }
  return compare(a.prerelease.length, b.prerelease.length);
}
