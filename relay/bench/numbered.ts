import type { JsonObject } from '../src/json/json.ts';

// A context that was never asked for before, made for each request at next to no cost: a number within the base64 of a context's text.

/** Stands in a request for {@link numberText}. No base64 and no header has it. */
export const NUMBER = '\u0001';
/** A multiple of three bytes is base64 by itself, wherever it stands. */
const DIGITS = 9;

/** The base64 of a number. */
export function numberText(count: number): string {
  return Buffer.from(String(count).padStart(DIGITS, '0')).toString('base64url');
}

/** A context as base64url with one more attribute of its user, `visit`, whose value is a {@link NUMBER}. */
export function numberedContext(context: JsonObject): string {
  const { user, ...rest } = context as JsonObject & { user?: JsonObject };
  const numbered = user === undefined ? { ...rest, visit: NUMBER } : { ...rest, user: { ...user, visit: NUMBER } };
  const [before = '', after = ''] = JSON.stringify(numbered).replace('\\u0001', NUMBER).split(NUMBER);
  const padding = ' '.repeat((3 - (Buffer.byteLength(before) % 3)) % 3);
  return `${Buffer.from(padding + before).toString('base64url')}${NUMBER}${Buffer.from(after).toString('base64url')}`;
}
