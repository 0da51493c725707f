import { isJsonObject, type Json, type JsonObject, replaceSurrogateEscapes } from '../../../json/json.ts';
import { ContextError, locate, syntaxError, TypeMismatch } from './context-error.ts';
import { DEFAULT_KIND, readLegacyUser, readSingle, type SingleContext } from './context-members.ts';

export { ContextError } from './context-error.ts';
export { attributeOf, DEFAULT_KIND, type SingleContext } from './context-members.ts';

/** Whom a flag is evaluated for: one context, or several of different kinds. Immutable. */
export interface Context {
  /** At least one, sorted by kind. */
  readonly members: readonly SingleContext[];
  /** The kinds of the members, in the same order. */
  readonly kinds: readonly string[];
  /** A legacy user with an empty key: it parses, streams open with it, but it cannot be evaluated (contract 1.4). */
  readonly keyless: boolean;
}

function qualified(member: SingleContext): string {
  return `${member.kind}:${member.key.replaceAll('%', '%25').replaceAll(':', '%3A')}`;
}

/** What secure mode signs (contract 1.8). */
export function fullyQualifiedKey({ members }: Context): string {
  const only = members[0]!;
  if (members.length === 1 && only.kind === DEFAULT_KIND) return only.key;
  return members.map(qualified).join(':');
}

function single(member: SingleContext): Context {
  return {
    members: [member],
    kinds: [member.kind],
    keyless: member.key === '',
  };
}

function multi(document: JsonObject): Context {
  const members: SingleContext[] = [];
  for (const kind of Object.keys(document)) {
    if (kind !== 'kind') members.push(readSingle(document[kind] as Json, kind, [kind]));
  }
  if (members.length === 0) throw new ContextError('multi-context must contain at least one kind');
  if (members.length === 1) return single(members[0]!);
  members.sort((a, b) => (a.kind < b.kind ? -1 : 1));
  const kinds = members.map((member) => member.kind);
  for (let index = 1; index < kinds.length; index++) {
    if (kinds[index] === kinds[index - 1]) {
      throw new ContextError('multi-context cannot have same kind more than once');
    }
  }
  return { members, kinds, keyless: false };
}

/**
 * Makes a context of a parsed JSON document: single, multi-kind or legacy user (contract 12.7).
 * Throws {@link ContextError}, or {@link TypeMismatch} that {@link parseContext} turns into one.
 */
function fromDocument(document: Json): Context {
  if (!isJsonObject(document)) throw new TypeMismatch([], 'object', document);
  const kind = Object.hasOwn(document, 'kind') ? document.kind : undefined;
  if (kind === undefined) return single(readLegacyUser(document));
  if (typeof kind !== 'string') throw new TypeMismatch(['kind'], 'string', kind);
  if (kind === '') throw new ContextError('context kind cannot be empty');
  return kind === 'multi' ? multi(document) : single(readSingle(document, kind, []));
}

/**
 * Parses a context from its JSON. Throws {@link ContextError} with ld-relay's message (contract 1.4) when the text is
 * not JSON or not a valid context.
 */
export function parseContext(json: string): Context {
  let document: Json;
  try {
    document = JSON.parse(replaceSurrogateEscapes(json)) as Json;
  } catch (error) {
    throw syntaxError(json, error);
  }
  return contextFrom(document, () => json);
}

/**
 * Makes a context of what was parsed of its JSON. `textOf` gives that JSON, by which the message says where a mistake is.
 * @throws {ContextError} as {@link parseContext} does
 */
export function contextFrom(document: Json, textOf: () => string): Context {
  try {
    return fromDocument(document);
  } catch (error) {
    throw error instanceof TypeMismatch ? locate(textOf(), error) : error;
  }
}
