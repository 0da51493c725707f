/** A parsed semantic version; build metadata is dropped because it never counts. */
export interface Version {
  readonly major: number | bigint;
  readonly minor: number | bigint;
  readonly patch: number | bigint;
  readonly prerelease: readonly string[];
}

const SEMVER =
  /^(0|[1-9]\d*)(?:\.(0|[1-9]\d*)(?:\.(0|[1-9]\d*))?)?(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/;

/** ld-relay keeps version numbers in 64 bits; longer ones wrap around there, so they do here. */
function component(digits: string | undefined): number | bigint {
  if (digits === undefined) return 0;
  return digits.length < 16 ? Number(digits) : BigInt.asIntN(64, BigInt(digits));
}

const NUMERIC = /^\d+$/;

/**
 * Parses a semantic version in which minor and patch may be missing (contract 12.4). Undefined when it is none: `v2`,
 * leading zeros, and anything that is not a string.
 */
export function toVersion(value: unknown): Version | undefined {
  if (typeof value !== 'string') return undefined;
  const match = SEMVER.exec(value);
  if (match === null) return undefined;
  const prerelease = match[4] === undefined ? [] : match[4].split('.');
  for (const identifier of prerelease) {
    if (identifier.length > 1 && identifier.startsWith('0') && NUMERIC.test(identifier)) return undefined;
  }
  return { major: component(match[1]), minor: component(match[2]), patch: component(match[3]), prerelease };
}

function compare<T extends number | bigint | string>(a: T, b: T): number {
  if (a < b) return -1;
  return a > b ? 1 : 0;
}

function compareIdentifiers(a: string, b: string): number {
  const aNumeric = NUMERIC.test(a);
  const bNumeric = NUMERIC.test(b);
  if (aNumeric && bNumeric) return compare(component(a), component(b));
  if (aNumeric) return -1;
  return bNumeric ? 1 : compare(a, b);
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
