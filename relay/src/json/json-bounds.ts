import type { JsonBounds } from './bounds.ts';

/** A JSON text that is not parsed, because its values would take more time and memory than its length says. */
export class JsonBoundsError extends Error {
  override readonly name = 'JsonBoundsError';
}

/** Arrays and objects may lie this deep in each other: what Go's decoder, and so ld-relay, takes. */
export const MAX_JSON_DEPTH = 10_000;
/** Texts up to this many characters are not looked at: they are too short for many values, and the parsers take any depth of them. */
export const UNCHECKED_LENGTH = 65_536;
/** Bytes that a parsed value takes, about: an empty array or a number in one. */
const BYTES_PER_VALUE = 48;
/** Bytes that are parsed of one character, about, in what is not looked at. */
const BYTES_PER_CHARACTER = 4;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** What a byte of the structure means; 0 for what is skipped, such as white space, numbers and words. */
const MEANING = new Uint8Array(256);
const STRING = 1;
const NEXT_VALUE = 2;
const MEMBER = 3;
const OPEN = 4;
const CLOSE = 5;
MEANING[0x22] = STRING;
MEANING[0x2c] = NEXT_VALUE;
MEANING[0x3a] = MEMBER;
MEANING[0x5b] = MEANING[0x7b] = OPEN;
MEANING[0x5d] = MEANING[0x7d] = CLOSE;

/** The same as {@link checkJsonBytes} for a text that is a string already. */
export function checkJsonBounds(text: string, bounds: JsonBounds): number {
  // A character takes one byte or more, and what the bounds are about is ASCII: bytes are read several times as fast as a string's characters.
  return text.length <= UNCHECKED_LENGTH
    ? text.length * BYTES_PER_CHARACTER
    : checkJsonBytes(Buffer.from(text, 'utf8'), bounds);
}

/**
 * Checks the structure of a JSON text in UTF-8 before it is parsed; whether it is JSON at all is the parser's business. Takes no time for
 * texts up to 64 KiB, and about 2 ns a byte for others.
 * @returns bytes that the parsed value will take, about
 * @throws {JsonBoundsError} says which bound is broken
 */
export function checkJsonBytes(bytes: Buffer, { maxValues, maxMembers }: JsonBounds): number {
  const { length } = bytes;
  if (length <= UNCHECKED_LENGTH) return length * BYTES_PER_CHARACTER;
  let values = 1;
  let members = 0;
  let depth = 0;
  if (values > maxValues) throw tooManyValues(maxValues);
  for (let at = 0; at < length; at++) {
    const meaning = MEANING[bytes[at]!]!;
    if (meaning === 0) continue;
    if (meaning === STRING) {
      at = endOfString(bytes, at);
    } else if (meaning === NEXT_VALUE) {
      if (++values > maxValues) throw tooManyValues(maxValues);
    } else if (meaning === MEMBER) {
      if (++members > maxMembers) throw new JsonBoundsError(`more than ${maxMembers} members of objects`);
    } else if (meaning === OPEN) {
      if (++values > maxValues) throw tooManyValues(maxValues);
      if (++depth > MAX_JSON_DEPTH) throw new JsonBoundsError(`exceeded max depth of ${MAX_JSON_DEPTH}`);
    } else {
      depth--;
    }
  }
  return Math.max(length, values * BYTES_PER_VALUE);
}

function tooManyValues(maxValues: number): JsonBoundsError {
  return new JsonBoundsError(`more than ${maxValues} values`);
}

/** Strings up to this length are read byte by byte, longer ones too where there are escapes; then by `indexOf`, whose call costs more than a few bytes. */
const SHORT_STRING = 64;

/** Where the string ends that begins at `from`; the end of the text where it does not. */
function endOfString(bytes: Buffer, from: number): number {
  const { length } = bytes;
  // No byte at `at` is escaped by what is before it.
  for (let at = from + 1; at < length; ) {
    const near = Math.min(length, at + SHORT_STRING);
    let escapes = false;
    for (; at < near; at++) {
      const byte = bytes[at]!;
      if (byte === QUOTE) return at;
      if (byte === BACKSLASH) {
        at++;
        escapes = true;
      }
    }
    if (escapes) continue;
    const quote = bytes.indexOf(QUOTE, at);
    if (quote < 0) return length;
    let first = quote;
    while (first > at && bytes[first - 1] === BACKSLASH) first--;
    // An even number of backslashes are themselves escaped.
    if ((quote - first) % 2 === 0) return quote;
    at = quote + 1;
  }
  return length;
}
