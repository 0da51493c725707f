import * as z from 'zod';
import type { Option } from './option.ts';
import { OPTIONS } from './options.ts';
import type { Reader } from './reader.ts';

const BY_SCHEMA: ReadonlyMap<z.core.$ZodType, Option> = new Map(
  OPTIONS.flatMap((option) => (option.schema === undefined ? [] : [[option.schema, option]])),
);

/** What was set of those members of a part of the document that are an option each; undefined for what was not. */
export function membersSet<P extends z.ZodObject>(part: P, read: Reader, name?: string): Partial<z.input<P>> {
  const set: Record<string, unknown> = {};
  for (const [member, schema] of Object.entries(part.shape)) {
    const option = BY_SCHEMA.get(schema);
    if (option !== undefined) set[member] = read.value(option, name);
  }
  return set as Partial<z.input<P>>;
}

/** A member of the document that holds no others. */
export interface Member {
  /** `server.port`, `environments[].sdkKey`. */
  readonly path: string;
  /** The option that it is; absent for what only the document says, or what `assemble.ts` makes of several. */
  readonly option?: Option;
}

/** All members of a document, parts of parts among them. */
export function membersOf(document: z.core.$ZodType, path = ''): Member[] {
  const option = BY_SCHEMA.get(document);
  if (option !== undefined) return [{ path, option }];
  if (document instanceof z.ZodObject) {
    return Object.entries(document.shape as z.core.$ZodShape).flatMap(([name, schema]) =>
      membersOf(schema, path === '' ? name : `${path}.${name}`),
    );
  }
  if (document instanceof z.ZodOptional || document instanceof z.ZodDefault || document instanceof z.ZodPrefault) {
    return membersOf(document.unwrap(), path);
  }
  if (document instanceof z.ZodArray && document.element instanceof z.ZodObject) {
    return membersOf(document.element, `${path}[]`);
  }
  return [{ path }];
}
