import { LOG_LEVELS } from '@flagrelay/crds/severities';
import * as z from 'zod';
import type { Counterpart, Option, Section } from './option.ts';
import { parseValue, type ValueType } from './values.ts';

/** A file's path in the document; a new schema each time, for it is by its schema that a member is known. */
export function path(): z.ZodString {
  return z.string().min(1);
}

/** How a duration becomes a field of a RelayProxy. */
export const SECONDS = 'in whole seconds, rounded up';
/** How a secret does. */
export const INTO_SECRET = 'goes into a Secret';

type Bounds = Pick<Option, 'least' | 'most'>;

/** What a member of the document may be, by the type of its option. Durations are ms, sizes are bytes. */
const SCHEMAS = {
  text: () => z.string(),
  // As in variables and files: what editors and `echo` add around it is no part of it.
  secret: () =>
    z
      .string()
      .trim()
      .min(1)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
      .regex(/^[^\u0000-\u001f\u007f]*$/, 'must be on one line, without control characters'),
  path,
  switch: () => z.boolean(),
  count: (bounds: Bounds) => within(z.int(), bounds, 1),
  number: (bounds: Bounds) => within(z.int(), bounds, 0),
  size: (bounds: Bounds) => within(z.int(), bounds, 0),
  duration: (bounds: Bounds) => within(z.number(), bounds, 0),
  // 0 = none, or any that is free.
  port: () => z.int().min(0).max(65_535),
  url: () => z.url({ protocol: /^https?$/, error: 'must be an absolute http or https URL' }),
  redisUrl: () => z.string().min(1),
  list: () => z.array(z.string()),
  level: () => z.enum(LOG_LEVELS),
  tlsVersion: () => z.enum(['1.0', '1.1', '1.2', '1.3']),
  redisMode: () => z.enum(['single', 'sentinel', 'cluster']),
};

function within<S extends z.ZodNumber>(schema: S, { least, most }: Bounds, usual: number): S {
  const bounded = schema.min(least?.value ?? usual);
  return most === undefined ? bounded : bounded.max(most);
}

type SchemaTypes = { readonly [T in keyof typeof SCHEMAS]: ReturnType<(typeof SCHEMAS)[T]> };

/** Types of which one option can be one member. */
type MemberType = keyof SchemaTypes | 'logFormat';

/** The schema of a member: its own, or that of its type, with the default if there is one. */
type MemberSchema<T extends MemberType, D, S> = S extends z.ZodType
  ? S
  : T extends keyof SchemaTypes
    ? T extends 'list'
      ? z.ZodDefault<SchemaTypes[T]>
      : D extends string
        ? z.ZodDefault<SchemaTypes[T]>
        : z.ZodOptional<SchemaTypes[T]>
    : never;

/** What a row says beside type, section and key. */
type Facts = Omit<Option, 'section' | 'key' | 'type' | 'schema' | 'default' | 'becomes'> & {
  /** Only a variable says it. */
  readonly keyless?: true;
};

interface Row extends Facts {
  readonly type: ValueType;
  readonly default?: string;
  readonly becomes?: Counterpart;
  readonly schema?: z.ZodType;
}

/**
 * An option that is one member of the document. Its schema comes from its type, bounds and default, unless it is given.
 *
 * @throws {ValueError} when the default is no value of that type
 */
export function member<T extends MemberType, D extends string | undefined = undefined, S = undefined>(
  type: T,
  row: Facts & { readonly default?: D; readonly schema?: S; readonly becomes: Counterpart },
): Facts & { readonly type: T; readonly schema: MemberSchema<T, NoInfer<D>, NoInfer<S>> } {
  return { ...row, type, schema: (row.schema ?? schemaOf(type, row)) as MemberSchema<T, D, S> };
}

function schemaOf(type: MemberType, row: Bounds & { readonly default?: string | undefined }): z.ZodType {
  if (type === 'logFormat') throw new TypeError('a log format has a schema of its own');
  const schema: z.ZodType = SCHEMAS[type](row);
  if (type === 'list') return schema.default([]);
  return row.default === undefined ? schema.optional() : schema.default(parseValue(type, row.default));
}

/** An option that is no member by itself: `assemble.ts` makes one of several, or this relay does not have it. */
export function option<T extends ValueType>(
  type: T,
  row: Facts & { readonly default?: string } & (
      | { readonly becomes: Counterpart }
      | { readonly unused: string }
      | { readonly refused: string }
    ),
): Facts & { readonly type: T } {
  return { ...row, type };
}

/** The option for the file of a secret that is a member. */
type SecretFile = Omit<Option, 'schema'> & { readonly schema: z.ZodOptional<z.ZodString> };

/** Options of a section by key. A secret has that of its file in `file`. */
type Table<R extends Readonly<Record<string, Row>>> = {
  readonly [K in keyof R]: Omit<Option, 'schema' | 'type'> &
    R[K] &
    (R[K] extends { readonly type: 'secret' | 'redisUrl'; readonly schema: z.ZodType }
      ? { readonly file: SecretFile }
      : unknown);
};

/** Makes options of the rows of a section; the name of each is its key in the INI file. */
export function section<R extends Readonly<Record<string, Row>>>(name: Section, rows: R): Table<R> {
  return Object.fromEntries(
    Object.entries(rows).map(([key, { keyless, ...row }]) => {
      const made: Option = { section: name, ...(keyless === true ? {} : { key }), ...row };
      const isSecret = made.type === 'secret' || made.type === 'redisUrl';
      return [key, isSecret ? { ...made, file: fileOf(made) } : made];
    }),
  ) as unknown as Table<R>;
}

function fileOf({ section: name, key, env, fileEnv, schema }: Option): Option {
  const variable = fileEnv ?? (env === undefined ? undefined : `${env}_FILE`);
  return {
    section: name,
    key: `${key}File`,
    ...(variable === undefined ? {} : { env: variable }),
    type: 'path',
    text: `File that holds the value of \`${key}\`.`,
    own: true,
    ...(schema === undefined ? {} : { schema: path().optional() }),
  };
}

/** The options of tables in their order; that of a secret's file follows the secret. */
export function allOf(...tables: readonly Readonly<Record<string, Option & { readonly file?: Option }>>[]): Option[] {
  return tables.flatMap((table) =>
    Object.values(table).flatMap(({ file, ...one }) => (file === undefined ? [one] : [one, file])),
  );
}
