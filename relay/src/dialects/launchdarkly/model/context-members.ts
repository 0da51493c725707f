import { inspect, isJsonObject, type Json, type JsonObject } from '../../../json/json.ts';
import { ContextError, TypeMismatch } from './context-error.ts';

/** One context of one kind. */
export interface SingleContext {
  readonly kind: string;
  /** Only a legacy user's key may be empty. */
  readonly key: string;
  readonly name: string | undefined;
  readonly anonymous: boolean;
  /** Legacy users only; takes part in rollouts (contract 12.5). */
  readonly secondary: string | undefined;
  /** Read with {@link attributeOf} only: some of the members are not attributes. */
  readonly attributes: JsonObject;
}

type Path = readonly (string | number)[];

/** The kind that is meant where none is named. */
export const DEFAULT_KIND = 'user';

const NO_ATTRIBUTES: JsonObject = Object.freeze(Object.create(null)) as JsonObject;

/**
 * The top-level attribute of a context; undefined when it has none or it is null. `anonymous` is always there.
 */
export function attributeOf(context: SingleContext, name: string): Json | undefined {
  switch (name) {
    case 'kind':
      return context.kind;
    case 'key':
      return context.key;
    case 'name':
      return context.name;
    case 'anonymous':
      return context.anonymous;
    case '_meta':
    case '':
      return undefined;
    default:
      return Object.hasOwn(context.attributes, name) ? (context.attributes[name] ?? undefined) : undefined;
  }
}

/** Throws {@link ContextError} unless the kind may name a single context (contract 12.7). */
function checkKind(kind: string): void {
  if (kind === 'kind') throw new ContextError('"kind" is not a valid context kind');
  if (kind === 'multi') throw new ContextError('single context cannot have the kind "multi"');
  if (!/^[A-Za-z0-9._-]*$/.test(kind)) throw new ContextError('context kind contains disallowed characters');
}

function stringOrNull(value: Json, path: Path): string | undefined {
  if (typeof value === 'string') return value;
  if (value === null) return undefined;
  throw new TypeMismatch(path, 'string or null', value);
}

function checkPrivate(value: Json, path: Path): void {
  if (value === null) return;
  if (!Array.isArray(value)) throw new TypeMismatch(path, 'array or null', value);
  value.forEach((entry, index) => {
    if (typeof entry !== 'string') throw new TypeMismatch([...path, index], 'string', entry);
  });
}

function checkMeta(value: Json, path: Path): void {
  if (value === null) return;
  if (!isJsonObject(value)) throw new TypeMismatch(path, 'object or null', value);
  if (value.privateAttributes !== undefined) checkPrivate(value.privateAttributes, [...path, 'privateAttributes']);
}

function checkValue(value: Json, path: Path, member: string): void {
  const flaw = inspect(value, path.length + 1);
  if (flaw === undefined) return;
  if (flaw === 'depth') throw new ContextError('exceeded max depth');
  throw new TypeMismatch([...path, member], 'number', Number.POSITIVE_INFINITY);
}

/**
 * Reads a context of one kind from its object. `kind` is what the document around it says (a member of a multi-kind
 * context); an own `kind` member wins. Throws {@link ContextError} or {@link TypeMismatch}.
 */
export function readSingle(value: Json, kind: string, path: Path): SingleContext {
  if (!isJsonObject(value)) throw new TypeMismatch(path, 'object', value);
  let ownKind = kind;
  let key: string | undefined;
  let name: string | undefined;
  let anonymous = false;
  for (const member in value) {
    const found = value[member] as Json;
    switch (member) {
      case 'kind':
        if (typeof found !== 'string') throw new TypeMismatch([...path, member], 'string', found);
        ownKind = found;
        break;
      case 'key':
        if (found === null) throw new ContextError('context key must not be null');
        if (typeof found !== 'string') throw new TypeMismatch([...path, member], 'string or null', found);
        key = found;
        break;
      case 'name':
        name = typeof found === 'string' ? found : stringOrNull(found, [...path, member]);
        break;
      case 'anonymous':
        if (typeof found !== 'boolean') throw new TypeMismatch([...path, member], 'boolean', found);
        anonymous = found;
        break;
      case '_meta':
        checkMeta(found, [...path, member]);
        break;
      default:
        if (typeof found !== 'string' && typeof found !== 'boolean') checkValue(found, path, member);
    }
  }
  if (key === undefined) throw new ContextError('"key" property not found in JSON context object');
  checkKind(ownKind);
  if (key === '') throw new ContextError('context key must not be empty');
  return {
    kind: ownKind === '' ? DEFAULT_KIND : ownKind,
    key,
    name,
    anonymous,
    secondary: undefined,
    attributes: value,
  };
}

const NOT_CUSTOM: ReadonlySet<string> = new Set(['kind', 'key', 'name', 'anonymous', '_meta', '']);

function addCustom(attributes: JsonObject, value: Json, path: Path): void {
  if (value === null) return;
  if (!isJsonObject(value)) throw new TypeMismatch(path, 'object or null', value);
  for (const name of Object.keys(value)) {
    const found = value[name] as Json;
    checkValue(found, path, name);
    if (!NOT_CUSTOM.has(name)) attributes[name] = found;
  }
}

/** Reads a legacy user: a document without `kind` (contract 12.7). Throws {@link ContextError} or {@link TypeMismatch}. */
export function readLegacyUser(user: JsonObject): SingleContext {
  let key: string | undefined;
  let name: string | undefined;
  let anonymous = false;
  let secondary: string | undefined;
  let attributes = NO_ATTRIBUTES;
  const writable = (): JsonObject => {
    if (attributes === NO_ATTRIBUTES) attributes = Object.create(null) as JsonObject;
    return attributes;
  };
  for (const member in user) {
    const found = user[member] as Json;
    switch (member) {
      case 'key':
        if (typeof found !== 'string') throw new TypeMismatch([member], 'string', found);
        key = found;
        break;
      case 'name':
        name = stringOrNull(found, [member]);
        break;
      case 'secondary':
        secondary = stringOrNull(found, [member]);
        break;
      case 'anonymous':
        if (typeof found !== 'boolean' && found !== null) throw new TypeMismatch([member], 'boolean or null', found);
        anonymous = found === true;
        break;
      case 'custom':
        addCustom(writable(), found, [member]);
        break;
      case 'privateAttributeNames':
        checkPrivate(found, [member]);
        break;
      case 'firstName':
      case 'lastName':
      case 'email':
      case 'country':
      case 'avatar':
      case 'ip': {
        const text = stringOrNull(found, [member]);
        if (text !== undefined) writable()[member] = text;
        break;
      }
      default:
        checkValue(found, [], member);
    }
  }
  if (key === undefined) throw new ContextError('"key" property not found in JSON context object');
  return { kind: DEFAULT_KIND, key, name, anonymous, secondary, attributes };
}
