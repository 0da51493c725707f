import type { RelayProxySpecManifest } from '@flagrelay/crds';
import type { Section } from '@flagrelay/relay/config';
import type { Input } from './input.ts';
import type { Report } from './report.ts';
import type { SecretKeeper } from './secrets.ts';
import type { SecretKey } from './variables.ts';

/** What is known of the files and volumes that the ld-relay had. */
export interface Surroundings {
  /** Secret that a file of the container comes from. */
  secretOf(path: string): SecretKey | undefined;
  /** Text of a file of this machine; undefined when it is not here. */
  readFile(path: string): string | undefined;
  /** Where the volume with the archive is from, in the words of `spec.offline`. */
  readonly archive?: Partial<NonNullable<RelayProxySpecManifest['offline']>>;
}

/** All that the parts of a migration share. */
export interface Conversion extends Input {
  readonly name: string;
  readonly report: Report;
  readonly secrets: SecretKeeper;
  readonly surroundings: Surroundings;
}

/** Bounds of a field. */
export interface Bounds {
  readonly min: number;
  readonly max: number;
}

/** A whole number within bounds, as `{ [field]: … }`; nothing when the option was not set. A change is noted. `value` is ms. */
export function seconds<Field extends string>(
  conversion: Pick<Conversion, 'given' | 'report'>,
  at: readonly [section: Section, key: string, name?: string],
  ms: number,
  field: Field,
  bounds: Bounds,
): { readonly [F in Field]?: number } {
  const origin = conversion.given(...at);
  if (origin === undefined) return {};
  const exact = ms / 1000;
  const result = Math.min(bounds.max, Math.max(bounds.min, Math.ceil(exact)));
  if (result !== exact) conversion.report.note('changed', origin, `${exact} s became ${field}: ${result}`);
  return { [field]: result } as { [F in Field]?: number };
}

/**
 * Where a credential is that the configuration holds, or names the file of: in a Secret that is there, or in ours. Undefined when the
 * configuration has none.
 */
export function secretRef(
  conversion: Conversion,
  key: string,
  given: { readonly text: string | undefined; readonly file: string | undefined; readonly origin: string | undefined },
): SecretKey | undefined {
  const { references, secrets, surroundings, report } = conversion;
  const place = references.placeOf(given.text);
  if (place !== undefined) return unread(conversion, key, place, given.origin);
  if (given.text !== undefined) return references.of(given.text) ?? secrets.put(key, given.text);
  if (given.file === undefined) return undefined;
  const there = surroundings.secretOf(given.file);
  if (there) return there;
  const text = surroundings.readFile(given.file)?.trim();
  if (text !== undefined && text !== '') return secrets.put(key, text);
  const ref = secrets.reserve(key);
  report.note(
    'todo',
    given.origin ?? key,
    `${given.file} is not here; put its content into the Secret ${ref.name} under the key ${ref.key}`,
  );
  return ref;
}

/** A key of a Secret that somebody has to fill in, as what belongs there is at a place that was not read. */
export function unread(
  { secrets, report }: Pick<Conversion, 'secrets' | 'report'>,
  key: string,
  place: string,
  origin: string | undefined,
): SecretKey {
  const ref = secrets.reserve(key);
  report.note(
    'todo',
    origin ?? key,
    `its value is in ${place} and was not read; put it into the Secret ${ref.name} under the key ${ref.key}`,
  );
  return ref;
}

/** Properties that are not undefined. */
export function defined<T extends object>(object: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
