/** Any JSON value as `JSON.parse` makes it. Objects may have an own `__proto__`; read them with {@link ownValue}. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A JSON object as `JSON.parse` makes it. */
export type JsonObject = { [key: string]: Json };

/** Whether the value is an object and not an array. */
export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The own member of an object, undefined when there is none (never something inherited). */
export function ownValue(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** The type of a value in the words of ld-relay's error messages. */
export function typeName(value: Json | undefined): string {
  if (value === null || value === undefined) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

const SURROGATE_ESCAPE = /\\(?:u[dD][89a-fA-F][0-9a-fA-F]{2}|[\s\S])/g;

/**
 * The text as ld-relay's JSON reader understands it: each half of a surrogate pair that is written as an escape
 * (`\ud83d\ude00`) is U+FFFD, while the same character written as itself is kept. It decides which strings are equal
 * in an evaluation; what is served comes from the text as it was sent.
 */
export function replaceSurrogateEscapes(text: string): string {
  if (!text.includes('\\ud') && !text.includes('\\uD')) return text;
  // Every escape is matched, so that the `u` behind an escaped backslash is not taken for one.
  return text.replace(SURROGATE_ESCAPE, (found) => (found.length === 6 ? '\\ufffd' : found));
}

/** Deepest nesting that a context may have; the limit of Go's JSON decoder, which ld-relay uses. */
export const MAX_DEPTH = 10_000;

/** What {@link inspect} found wrong: a number beyond the range of doubles, or nesting below {@link MAX_DEPTH}. */
export type JsonFlaw = 'range' | 'depth';

/** Whether no element of the array needs a closer look. */
function isPlain(array: readonly Json[]): boolean {
  for (const element of array) {
    if (typeof element === 'number' ? !Number.isFinite(element) : typeof element === 'object') return false;
  }
  return true;
}

/** Walks a value without recursion and returns its first flaw. `depth` is how deep the value itself lies. */
export function inspect(value: Json, depth = 0): JsonFlaw | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : 'range';
  if (typeof value !== 'object' || value === null) return undefined;
  if (Array.isArray(value) && depth < MAX_DEPTH && isPlain(value)) return undefined;
  let level: (Json[] | JsonObject)[] = [value];
  for (let deep = depth + 1; level.length > 0; deep++) {
    if (deep > MAX_DEPTH) return 'depth';
    const next: (Json[] | JsonObject)[] = [];
    for (const parent of level) {
      for (const child of Array.isArray(parent) ? parent : Object.values(parent)) {
        if (typeof child === 'number' && !Number.isFinite(child)) return 'range';
        if (typeof child === 'object' && child !== null) next.push(child);
      }
    }
    level = next;
  }
  return undefined;
}
