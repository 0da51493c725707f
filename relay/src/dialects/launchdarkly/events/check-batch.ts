import { JsonBoundsError, MAX_JSON_DEPTH, UNCHECKED_LENGTH } from '../../../json/json-bounds.ts';

/** What a look at a batch finds out. */
export interface BatchCheck {
  /** Elements of the array. */
  readonly count: number;
  /** Where the first element begins and the last one ends, with the white space around them. */
  readonly start: number;
  readonly end: number;
  /** Numbers of the elements that upstream would not read, in order. */
  readonly unsound: readonly number[];
  /** Where each element begins, and where it ends; empty unless asked for. */
  readonly spans: readonly number[];
}

/** What is wanted of a look. */
export interface Look {
  /** A batch above 64 KiB has so many values at most, and lies no deeper than Go's decoder reads; absent: any number, and depth. */
  readonly maxValues?: number | undefined;
  /** `spans` are wanted. */
  readonly spans?: boolean;
}

/** An event that is nested deeper upstream may refuse to read, and with it the whole payload. */
const MAX_DEPTH = 500;
/** Members whose numbers must be exact. */
const EXACT = new Set(['creationDate', 'version', 'variation', 'samplingRatio', 'startDate', 'endDate']);
/** So many digits are exact in any case. */
const EXACT_DIGITS = 15;
/** An event is in the array, its members one level deeper. */
const EVENT_LEVEL = 1;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COMMA = 0x2c;
const COLON = 0x3a;
const MINUS = 0x2d;
const PLUS = 0x2b;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const LOWER_E = 0x65;
const LOWER_U = 0x75;
const TO_LOWER = 0x20;

/** What may be in a string as it is: no quote, no backslash, no control character. */
const PLAIN = table((byte) => byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH);
const SPACE = table((byte) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09);
const ESCAPED = table((byte) => '"\\/bfnrt'.includes(String.fromCharCode(byte)));
const HEX = table((byte) => /[0-9a-fA-F]/.test(String.fromCharCode(byte)));
const DIGIT = table((byte) => byte >= ZERO && byte <= NINE);
const LITERALS = ['true', 'false', 'null'].map((text) => Buffer.from(text));

/**
 * Looks whether a body is a JSON array, and which of its events have what upstream's parser cannot read: numbers like 1e400, which is valid
 * JSON, versions and times that are not exact, and values in more than {@link MAX_DEPTH} others. It makes nothing of what it reads, so
 * that a body costs no more memory than it has, whatever is in it. Undefined for what is no JSON array.
 * @param body valid UTF-8
 * @throws {JsonBoundsError} when there are more values than wanted, or they lie too deep in each other
 */
export function checkBatch(body: Buffer, look: Look = {}): BatchCheck | undefined {
  return new Reader(body, look).read();
}

/** One pass over the bytes, without recursion. What is no JSON sets the position behind the end. */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;
  /** 1 for an object, 0 for an array, from outside to inside; the outer array is not among them. */
  #inside = new Uint8Array(64);
  #depth = 0;
  #count = 0;
  #unsound: number[] = [];
  #keyStart = 0;
  #keyEnd = 0;
  #values = 0;
  readonly #maxValues: number;
  readonly #maxDepth: number;
  readonly #spans: number[] | undefined;

  constructor(bytes: Buffer, { maxValues, spans = false }: Look) {
    this.#bytes = bytes;
    const bound = bytes.length > UNCHECKED_LENGTH ? maxValues : undefined;
    this.#maxValues = bound ?? Number.POSITIVE_INFINITY;
    this.#maxDepth = bound === undefined ? Number.POSITIVE_INFINITY : MAX_JSON_DEPTH;
    this.#spans = spans ? [] : undefined;
  }

  read(): BatchCheck | undefined {
    const bytes = this.#bytes;
    this.#skipSpace();
    if (bytes[this.#at] !== OPEN_BRACKET) return undefined;
    this.#at += 1;
    const start = this.#at;
    this.#skipSpace();
    if (bytes[this.#at] !== CLOSE_BRACKET && !this.#elements()) return undefined;
    const end = this.#at;
    this.#at += 1;
    this.#skipSpace();
    if (this.#at !== bytes.length) return undefined;
    return { count: this.#count, start, end, unsound: this.#unsound, spans: this.#spans ?? [] };
  }

  /** From the first value of the outer array to its closing bracket. */
  #elements(): boolean {
    for (;;) {
      this.#skipSpace();
      if (++this.#values > this.#maxValues) throw new JsonBoundsError(`more than ${this.#maxValues} values`);
      if (this.#depth === 0) this.#spans?.push(this.#at);
      const first = this.#bytes[this.#at];
      if (first === OPEN_BRACE || first === OPEN_BRACKET) {
        const opened = this.#open(first);
        if (opened === undefined) return false;
        if (opened) continue;
      } else if (!this.#scalar(first)) return false;
      const more = this.#behindValue();
      if (more !== undefined) return more;
    }
  }

  /** Enters an object or array: true when a value follows, false when it was empty, undefined when it is none. */
  #open(first: number): boolean | undefined {
    const close = first === OPEN_BRACE ? CLOSE_BRACE : CLOSE_BRACKET;
    this.#at += 1;
    this.#skipSpace();
    if (this.#bytes[this.#at] === close) {
      this.#at += 1;
      return false;
    }
    if (this.#depth === this.#inside.length) {
      const larger = new Uint8Array(2 * this.#depth);
      larger.set(this.#inside);
      this.#inside = larger;
    }
    this.#inside[this.#depth] = first === OPEN_BRACE ? 1 : 0;
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) {
      // The outer array is one, too.
      if (this.#depth >= this.#maxDepth) throw new JsonBoundsError(`exceeded max depth of ${MAX_JSON_DEPTH}`);
      this.#isUnsound();
    }
    if (first === OPEN_BRACE && !this.#key()) return undefined;
    return true;
  }

  /** Behind a value: undefined when another one follows, true at the end of the outer array, false when this is no JSON. */
  #behindValue(): boolean | undefined {
    const bytes = this.#bytes;
    for (;;) {
      if (this.#depth === 0) this.#spans?.push(this.#at);
      this.#skipSpace();
      const next = bytes[this.#at];
      if (this.#depth === 0) {
        this.#count += 1;
        if (next === CLOSE_BRACKET) return true;
        if (next !== COMMA) return false;
        this.#at += 1;
        return undefined;
      }
      const inObject = this.#inside[this.#depth - 1] === 1;
      this.#at += 1;
      if (next === COMMA) {
        if (!inObject) return undefined;
        this.#skipSpace();
        return this.#key() ? undefined : false;
      }
      if (next !== (inObject ? CLOSE_BRACE : CLOSE_BRACKET)) return false;
      this.#depth -= 1;
    }
  }

  /** A member's name and the colon behind it. */
  #key(): boolean {
    if (this.#bytes[this.#at] !== QUOTE) return false;
    this.#keyStart = this.#at + 1;
    if (!this.#string()) return false;
    this.#keyEnd = this.#at - 1;
    this.#skipSpace();
    if (this.#bytes[this.#at] !== COLON) return false;
    this.#at += 1;
    return true;
  }

  #scalar(first: number | undefined): boolean {
    if (first === QUOTE) return this.#string();
    if (first === MINUS || (first !== undefined && DIGIT[first] === 1)) return this.#number();
    for (const literal of LITERALS) {
      if (literal[0] !== first) continue;
      const end = this.#at + literal.length;
      if (this.#bytes.compare(literal, 0, literal.length, this.#at, Math.min(end, this.#bytes.length)) !== 0)
        return false;
      this.#at = end;
      return true;
    }
    return false;
  }

  #string(): boolean {
    const bytes = this.#bytes;
    const { length } = bytes;
    let at = this.#at + 1;
    for (;;) {
      while (at < length && PLAIN[bytes[at]!] === 1) at++;
      if (at >= length) return false;
      if (bytes[at] === QUOTE) {
        this.#at = at + 1;
        return true;
      }
      if (bytes[at] !== BACKSLASH || at + 1 >= length) return false;
      const escaped = bytes[at + 1]!;
      at += 2;
      if (ESCAPED[escaped] === 1) continue;
      if (escaped !== LOWER_U || at + 4 > length) return false;
      for (let digit = 0; digit < 4; digit++) if (HEX[bytes[at + digit]!] !== 1) return false;
      at += 4;
    }
  }

  #number(): boolean {
    const bytes = this.#bytes;
    const start = this.#at;
    let at = bytes[start] === MINUS ? start + 1 : start;
    const digits = this.#digits(at);
    // No number begins with a zero and another digit.
    if (digits === at || (bytes[at] === ZERO && digits > at + 1)) return false;
    at = digits;
    if (bytes[at] === DOT) {
      const fraction = this.#digits(at + 1);
      if (fraction === at + 1) return false;
      at = fraction;
    }
    let hasExponent = false;
    if (at < bytes.length && (bytes[at]! | TO_LOWER) === LOWER_E) {
      hasExponent = true;
      const sign = bytes[at + 1];
      const exponent = sign === PLUS || sign === MINUS ? at + 2 : at + 1;
      at = this.#digits(exponent);
      if (at === exponent) return false;
    }
    this.#at = at;
    if (hasExponent || digits - start > EXACT_DIGITS) this.#checkNumber(start, at);
    return true;
  }

  #checkNumber(start: number, end: number): void {
    const value = Math.abs(Number(this.#bytes.toString('latin1', start, end)));
    if (value <= Number.MAX_SAFE_INTEGER) return;
    const isMember = this.#depth === EVENT_LEVEL && this.#inside[0] === 1;
    if (
      value === Number.POSITIVE_INFINITY ||
      (isMember && EXACT.has(this.#bytes.toString('latin1', this.#keyStart, this.#keyEnd)))
    ) {
      this.#isUnsound();
    }
  }

  #isUnsound(): void {
    if (this.#unsound.at(-1) !== this.#count) this.#unsound.push(this.#count);
  }

  /** The index behind the digits at `from`. */
  #digits(from: number): number {
    const bytes = this.#bytes;
    let at = from;
    while (at < bytes.length && DIGIT[bytes[at]!] === 1) at++;
    return at;
  }

  #skipSpace(): void {
    const bytes = this.#bytes;
    let at = this.#at;
    while (at < bytes.length && SPACE[bytes[at]!] === 1) at++;
    this.#at = at;
  }
}

function table(is: (byte: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (is(byte) ? 1 : 0));
}
