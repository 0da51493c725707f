import { type Json, typeName } from '../../../json/json.ts';
import { forEachElement, forEachMember, JsonTextError, skipSpace, valueEnd } from '../../../json/scan.ts';

/** A context that cannot be used. The message is ld-relay's (contract 1.4); it never holds a value of the context. */
export class ContextError extends Error {
  override readonly name = 'ContextError';
}

/** A value of the wrong type, before its place in the text is known. `path` leads to it from the top of the document. */
export class TypeMismatch extends Error {
  override readonly name = 'TypeMismatch';
  readonly path: readonly (string | number)[];

  constructor(path: readonly (string | number)[], expected: string, found: Json | undefined) {
    super(found === Number.POSITIVE_INFINITY || found === Number.NEGATIVE_INFINITY ? 'invalid numeric value' : '');
    if (this.message === '') this.message = `expected ${expected}, got ${typeName(found)}`;
    this.path = path;
  }
}

function child(text: string, start: number, name: string | number): number {
  let found = start;
  if (typeof name === 'string' && text.startsWith('{', start)) {
    forEachMember(text, start, (key, valueStart) => {
      if (key === name) found = valueStart;
    });
  } else if (typeof name === 'number' && text.startsWith('[', start)) {
    let index = 0;
    forEachElement(text, start, (valueStart) => {
      if (index++ === name) found = valueStart;
    });
  }
  return found;
}

/** Says a {@link TypeMismatch} with the place in the text, in bytes as ld-relay counts. The text must be valid JSON. */
export function locate(text: string, mismatch: TypeMismatch): ContextError {
  let at = skipSpace(text, 0);
  for (const name of mismatch.path) at = child(text, at, name);
  return new ContextError(`${mismatch.message} at position ${Buffer.byteLength(text.slice(0, at))}`);
}

// Every character that a JSON value may begin with.
const VALUE_START = /["{[\-0-9tfn]/;

function quoted(character: string): string {
  return character < ' ' ? `'\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}'` : `'${character}'`;
}

/** Says why a text is not JSON, in the words of the decoder that ld-relay uses where they are simple. */
export function syntaxError(text: string, cause: unknown): ContextError {
  let message = 'invalid character in JSON';
  try {
    const start = skipSpace(text, 0);
    if (start < text.length && !VALUE_START.test(text.charAt(start))) {
      return new ContextError(`invalid character ${quoted(text.charAt(start))} looking for beginning of value`, {
        cause,
      });
    }
    const stop = valueEnd(text, start);
    const rest = skipSpace(text, stop);
    if (rest < text.length) message = `invalid character ${quoted(text.charAt(rest))} after top-level value`;
  } catch (error) {
    if (error instanceof JsonTextError && error.message.startsWith('un')) message = 'unexpected end of JSON input';
  }
  return new ContextError(message, { cause });
}
