import { digest, type HashPrefix, hashPrefix, sha1 } from './sha1.ts';

const utf8 = new TextEncoder();

/** The bytes that are hashed for an integer: its decimal digits, as 64-bit integers have them. */
export function integerText(value: number): string {
  return Number.isSafeInteger(value) ? String(value) : BigInt(value).toString();
}

/** UTF-8. Keys are nearly always short and ASCII, for which calling into Node costs more. */
function bytesOf(text: string): Uint8Array {
  if (text.length > 64) return utf8.encode(text);
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit > 0x7f) return utf8.encode(text);
    bytes[index] = unit;
  }
  return bytes;
}

/**
 * The bytes of an attribute that take part in bucketing: strings and integers; undefined for everything else, which is
 * bucket 0 (contract 12.5).
 */
export function bucketBytes(value: unknown): Uint8Array | undefined {
  if (typeof value === 'string') return bytesOf(value);
  if (typeof value !== 'number' || !Number.isInteger(value) || value < -(2 ** 63) || value >= 2 ** 63) return undefined;
  return bytesOf(integerText(value));
}

/** What comes before the attribute in the hashed text: the seed, or key and salt (contract 12.5). */
export function bucketPrefix(seed: number | undefined, key: string, salt: string): HashPrefix {
  return hashPrefix(utf8.encode(seed === undefined ? `${key}.${salt}.` : `${integerText(seed)}.`));
}

/**
 * The bucket of a context, 0 to 1, in 32-bit floats as ld-relay computes it (contract 12.5, 14 row 30): the first 60
 * bits of the hash, rounded once to a float, over 2^60.
 */
export function bucketOf(prefix: HashPrefix, value: Uint8Array): number {
  sha1(prefix, value);
  return bucketOfDigest();
}

/** The bucket of what was hashed last, see {@link bucketOf}. */
export function bucketOfDigest(): number {
  const high = digest[0]! >>> 0;
  const low = digest[1]! >>> 4;
  if (high < 0x1000000) return Math.fround(high * 0x10000000 + low) / 2 ** 60;
  // 60 bits do not fit into a double: keep the top 52 and fold the rest into one sticky bit, so that rounding to a
  // float happens once and not twice.
  const sticky = (low & 0xff) === 0 ? 0 : 1;
  return Math.fround((high * 0x100000 + (low >>> 8)) * 2 + sticky) / 2 ** 53;
}

/** A weight of 1/100000 as a 32-bit float. */
export function weightOf(weight: number): number {
  return Math.fround(Math.fround(weight) / 100_000);
}
