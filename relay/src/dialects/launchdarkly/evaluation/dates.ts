/** A moment in nanoseconds: whole milliseconds since the epoch, and the nanoseconds (0–999,999) on top. */
export interface Moment {
  readonly ms: number;
  readonly ns: number;
}

/** Order of two moments: negative, zero or positive. */
export function compareMoments(a: Moment, b: Moment): number {
  return a.ms === b.ms ? a.ns - b.ns : a.ms - b.ms;
}

// RFC 3339 as ld-relay reads it: one-digit hours pass, seconds up to 60, at most 9 digits of fraction, any day up to 31
// (the surplus runs into the next month), and nothing is asked of what follows `Z`.
const RFC3339 =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a NUL ends the offset there as the end of the text does
  /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{1,2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d{2}):(\d{2})(?![\x01-\x7f]))/;

/** Days from 1970-01-01 to a date of the proleptic Gregorian calendar; `month` is 1–12, `day` may run over. */
function daysFromCivil(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

function fromText(text: string): Moment | undefined {
  const match = RFC3339.exec(text);
  if (match === null) return undefined;
  const year = Number(match[1]);
  const month = Number(match[2]);
  const day = Number(match[3]);
  const hour = Number(match[4]);
  const minute = Number(match[5]);
  const second = Number(match[6]);
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) return undefined;
  const offsetMinute = Number(match[10] ?? 0);
  if (offsetMinute > 59) return undefined;
  const offset = (Number(match[9] ?? 0) * 60 + offsetMinute) * (match[8] === '-' ? -1 : 1);
  const nanos = match[7] === undefined ? 0 : Number(match[7].padEnd(9, '0'));
  const seconds = ((daysFromCivil(year, month, day) * 24 + hour) * 60 + minute - offset) * 60 + second;
  return { ms: seconds * 1000 + Math.floor(nanos / 1e6), ns: nanos % 1e6 };
}

// Milliseconds beyond this do not fit into 64 bits of nanoseconds.
const MAX_MS = 9_223_372_036_854;

/** ld-relay counts nanoseconds in 64 bits, which wrap around in the year 2262; the same here, so that rules agree. */
function wrapped(ms: number): Moment {
  const inRange = ms > -(2 ** 63) && ms < 2 ** 63;
  const nanos = BigInt.asIntN(64, (inRange ? BigInt(ms) : -(2n ** 63n)) * 1_000_000n);
  const rest = ((nanos % 1_000_000n) + 1_000_000n) % 1_000_000n;
  return { ms: Number((nanos - rest) / 1_000_000n), ns: Number(rest) };
}

/** Reads an RFC 3339 text or a number of ms since the epoch (contract 12.4); undefined for everything else. */
export function toMoment(value: unknown): Moment | undefined {
  if (typeof value === 'string') return fromText(value);
  if (typeof value !== 'number') return undefined;
  const ms = Math.trunc(value);
  return ms > MAX_MS || ms < -MAX_MS ? wrapped(ms) : { ms, ns: 0 };
}

// 0001-01-01T00:00:00Z: the zero value of ld-relay's time type, which it takes for "no date" in a clause.
const ZERO_MS = -62_135_596_800_000;

/** As {@link toMoment} for a value of a clause, where ld-relay takes the first moment of the year 1 for invalid. */
export function toClauseMoment(value: unknown): Moment | undefined {
  const moment = toMoment(value);
  return moment?.ms === ZERO_MS && moment.ns === 0 ? undefined : moment;
}
