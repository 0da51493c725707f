/** JSON text whose structure cannot be followed. `offset` is an index into the text (UTF-16 units). */
export class JsonTextError extends Error {
  override readonly name = 'JsonTextError';
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(`${message} at position ${offset}`);
    this.offset = offset;
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COMMA = 0x2c;
const COLON = 0x3a;

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

/** Index of the first character at or after `index` that is not JSON white space; the text's length when there is none. */
export function skipSpace(text: string, index: number): number {
  const near = Math.min(text.length, index + NEAR);
  for (let at = index; at < near; at++) if (!isSpace(text.charCodeAt(at))) return at;
  if (near === text.length) return Math.max(index, near);
  // Megabytes of it are nothing that people send: the search in one go is several times as fast.
  NOT_SPACE.lastIndex = near;
  return NOT_SPACE.exec(text)?.index ?? text.length;
}

/** White space this long is looked at character by character. */
const NEAR = 64;
const NOT_SPACE = /[^ \n\r\t]/g;

/** Index just behind the string that opens at `start`. Throws {@link JsonTextError} when it never closes. */
function stringEnd(text: string, start: number): number {
  let at = start + 1;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) throw new JsonTextError('unterminated string', start);
    let backslashes = 0;
    while (text.charCodeAt(quote - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return quote + 1;
    at = quote + 1;
  }
}

function compositeEnd(text: string, start: number): number {
  let depth = 0;
  let at = start;
  while (at < text.length) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        at = stringEnd(text, at);
        continue;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        depth++;
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        if (--depth === 0) return at + 1;
        break;
    }
    at++;
  }
  throw new JsonTextError('unexpected end of JSON input', text.length);
}

/**
 * Index just behind the value that begins at `start`. It only finds the boundary, in one pass and without recursion:
 * whether the value is valid JSON is for `JSON.parse` of the slice to say. Throws {@link JsonTextError}.
 */
export function valueEnd(text: string, start: number): number {
  const first = text.charCodeAt(start);
  if (first === QUOTE) return stringEnd(text, start);
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return compositeEnd(text, start);
  let at = start;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === COMMA || code === CLOSE_BRACE || code === CLOSE_BRACKET || isSpace(code)) break;
    at++;
  }
  if (at === start) {
    throw new JsonTextError(at >= text.length ? 'unexpected end of JSON input' : 'a value is missing', start);
  }
  return at;
}

function expect(text: string, at: number, code: number, what: string): number {
  if (text.charCodeAt(at) === code) return at + 1;
  throw new JsonTextError(at >= text.length ? 'unexpected end of JSON input' : `expected ${what}`, at);
}

// What makes a string more than the characters between its quotes, or invalid.
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them in strings
const NOT_PLAIN = /[\\\x00-\x1f]/;

/** Decodes the JSON string that is text[start, end). Throws SyntaxError for a bad escape or a control character. */
function decodeString(text: string, start: number, end: number): string {
  const plain = text.slice(start + 1, end - 1);
  return NOT_PLAIN.test(plain) ? (JSON.parse(text.slice(start, end)) as string) : plain;
}

/**
 * Calls `visit(key, start, end)` for each member of the object that begins at `start`; the value is text[start, end).
 * Keys come decoded; a repeated key is visited each time. Returns the index behind the object.
 * Throws {@link JsonTextError}, or SyntaxError for a malformed key.
 */
export function forEachMember(
  text: string,
  start: number,
  visit: (key: string, valueStart: number, valueStop: number) => void,
): number {
  let at = skipSpace(text, expect(text, start, OPEN_BRACE, 'an object'));
  if (text.charCodeAt(at) === CLOSE_BRACE) return at + 1;
  for (;;) {
    if (text.charCodeAt(at) !== QUOTE) expect(text, at, QUOTE, 'a member name');
    const keyStop = stringEnd(text, at);
    const key = decodeString(text, at, keyStop);
    const valueStart = skipSpace(text, expect(text, skipSpace(text, keyStop), COLON, "':' after the member name"));
    const valueStop = valueEnd(text, valueStart);
    visit(key, valueStart, valueStop);
    at = skipSpace(text, valueStop);
    if (text.charCodeAt(at) === CLOSE_BRACE) return at + 1;
    at = skipSpace(text, expect(text, at, COMMA, "',' or '}'"));
  }
}

/**
 * Calls `visit(start, end)` for each element of the array that begins at `start`. Returns the index behind the array.
 * Throws {@link JsonTextError}.
 */
export function forEachElement(
  text: string,
  start: number,
  visit: (valueStart: number, valueStop: number) => void,
): number {
  let at = skipSpace(text, expect(text, start, OPEN_BRACKET, 'an array'));
  if (text.charCodeAt(at) === CLOSE_BRACKET) return at + 1;
  for (;;) {
    const valueStop = valueEnd(text, at);
    visit(at, valueStop);
    at = skipSpace(text, valueStop);
    if (text.charCodeAt(at) === CLOSE_BRACKET) return at + 1;
    at = skipSpace(text, expect(text, at, COMMA, "',' or ']'"));
  }
}

/**
 * The texts of an object's members by decoded key; a repeated key keeps its last value. For documents whose parts are
 * passed on untouched. Throws {@link JsonTextError} or SyntaxError when the text is not one JSON object.
 * @param only the names that are wanted; all without it
 */
export function memberTexts(text: string, only?: ReadonlySet<string>): Map<string, string> {
  const members = new Map<string, string>();
  const stop = forEachMember(text, skipSpace(text, 0), (key, start, end) => {
    if (only === undefined || only.has(key)) members.set(key, text.slice(start, end));
  });
  const rest = skipSpace(text, stop);
  if (rest < text.length) throw new JsonTextError('unexpected data after the end of the JSON value', rest);
  return members;
}

/** The JSON text without white space between its tokens; the very same string when there is none. The text must be valid JSON. */
export function compact(text: string): string {
  let out = '';
  let kept = 0;
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = stringEnd(text, at);
    } else if (isSpace(code)) {
      out += text.slice(kept, at);
      at = skipSpace(text, at);
      kept = at;
    } else {
      at++;
    }
  }
  return kept === 0 ? text : out + text.slice(kept);
}
