import type { RelayProxySpecManifest } from '@flagrelay/crds';

/** A part of a RelayProxy. */
export interface Part {
  readonly spec?: Partial<RelayProxySpecManifest>;
  readonly metadata?: {
    readonly name?: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
}

/** Parts as one: objects are put together, of anything else the last counts. */
export function merge(parts: readonly Part[]): Part {
  return parts.reduce<unknown>((whole, part) => mergeTwo(whole, part), {}) as Part;
}

function mergeTwo(first: unknown, second: unknown): unknown {
  if (!isObject(first) || !isObject(second)) return second;
  const result: Record<string, unknown> = { ...first };
  for (const [key, value] of Object.entries(second)) {
    if (value !== undefined) result[key] = key in first ? mergeTwo(first[key], value) : value;
  }
  return result;
}

/** True for `{…}`, not for a list. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value at the end of a path: `at('a.b', 1)` is `{ a: { b: 1 } }`. */
export function at(path: string, value: unknown): Record<string, unknown> {
  const [first = '', ...rest] = path.split('.');
  return { [first]: rest.length === 0 ? value : at(rest.join('.'), value) };
}
