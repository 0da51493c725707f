import { DataError } from '../../../errors.ts';
import { inspect, isJsonObject, type Json, type JsonObject, typeName } from '../../../json/json.ts';

const OUT_OF_RANGE = 'expected a number in the range of doubles';

/**
 * A flag or segment with a member of a wrong type, or with a number that no relay or SDK can work with: beyond the range of doubles, or a
 * version that is not exact. Only the item that has it is refused, where ld-relay refuses all the data that it came with.
 */
export class ItemError extends DataError {
  override readonly name = 'ItemError';
}

/**
 * Reads members of an item with the types that ld-relay insists on (contract 12.1). An absent member has its default; `null` is
 * allowed only where ld-relay allows it. Every method throws {@link ItemError}.
 */
export class ItemReader {
  readonly #path: (string | number)[];

  /** `path` says where the item lies, for messages, such as `['flags', 'my-flag']`. */
  constructor(path: readonly (string | number)[]) {
    this.#path = [...path];
  }

  fail(name: string | number, expected: string, found: Json | undefined): never {
    const path = [...this.#path, name].map((part) => `/${part}`).join('');
    throw new ItemError(`${path}: expected ${expected}, got ${typeName(found)}`);
  }

  #failNumber(name: string | number, allowed: string): never {
    const path = [...this.#path, name].map((part) => `/${part}`).join('');
    throw new ItemError(`${path}: ${allowed}`);
  }

  /** The whole item, which must be an object. */
  root(value: Json): JsonObject {
    if (isJsonObject(value)) return value;
    const name = this.#path.pop() ?? '';
    return this.fail(name, 'object', value);
  }

  string(parent: JsonObject, name: string): string {
    const value = parent[name];
    if (typeof value === 'string') return value;
    return value === undefined ? '' : this.fail(name, 'string', value);
  }

  stringOrNull(parent: JsonObject, name: string): string {
    const value = parent[name];
    if (typeof value === 'string') return value;
    return value === undefined || value === null ? '' : this.fail(name, 'string or null', value);
  }

  boolean(parent: JsonObject, name: string): boolean {
    const value = parent[name];
    if (typeof value === 'boolean') return value;
    return value === undefined ? false : this.fail(name, 'boolean', value);
  }

  /** An integer; a fraction is cut off as ld-relay does. */
  integer(parent: JsonObject, name: string): number {
    return this.#integer(parent, name) ?? (parent[name] === null ? this.fail(name, 'number', null) : 0);
  }

  /** An {@link integer} that is exact, as versions are compared and added up. Throws {@link ItemError}. */
  version(parent: JsonObject, name: string): number {
    const version = this.integer(parent, name);
    if (!Number.isSafeInteger(version)) this.#failNumber(name, 'expected a version up to 2^53 - 1');
    return version;
  }

  integerOrNull(parent: JsonObject, name: string): number | undefined {
    return this.#integer(parent, name);
  }

  #integer(parent: JsonObject, name: string): number | undefined {
    const value = parent[name];
    if (typeof value === 'number') {
      if (!Number.isFinite(value)) this.#failNumber(name, OUT_OF_RANGE);
      return Math.trunc(value);
    }
    return value === undefined || value === null ? undefined : this.fail(name, 'number', value);
  }

  /** An object; undefined when absent. `null` is refused. */
  object(parent: JsonObject, name: string): JsonObject | undefined {
    const value = parent[name];
    if (value === undefined) return undefined;
    return isJsonObject(value) ? value : this.fail(name, 'object', value);
  }

  objectOrNull(parent: JsonObject, name: string): JsonObject | undefined {
    return parent[name] === null ? undefined : this.object(parent, name);
  }

  /** An array of any values; `null` is an empty one. */
  values(parent: JsonObject, name: string): readonly Json[] {
    const list = this.#array(parent, name);
    for (let index = 0; index < list.length; index++) {
      const value = list[index] as Json;
      if (typeof value === 'string' || typeof value === 'boolean') continue;
      if (inspect(value) === 'range') this.#failNumber(`${name}/${index}`, OUT_OF_RANGE);
    }
    return list;
  }

  /** An array of strings; `null` is an empty one. */
  strings(parent: JsonObject, name: string): readonly string[] {
    const list = this.#array(parent, name);
    for (let index = 0; index < list.length; index++) {
      const value = list[index];
      if (typeof value !== 'string') this.fail(`${name}/${index}`, 'string', value);
    }
    return list as string[];
  }

  /** An array of objects, each read by `read`; `null` is an empty one unless `strict`. */
  list<T>(parent: JsonObject, name: string, read: (element: JsonObject) => T, strict = false): readonly T[] {
    if (strict && parent[name] === null) this.fail(name, 'array', null);
    const list = this.#array(parent, name);
    return list.map((element, index) => {
      this.#path.push(name, index);
      const object = this.root(element);
      const result = read(object);
      this.#path.length -= 2;
      return result;
    });
  }

  /** Reads a nested object under its name in messages. */
  within<T>(name: string, read: () => T): T {
    this.#path.push(name);
    const result = read();
    this.#path.pop();
    return result;
  }

  #array(parent: JsonObject, name: string): readonly Json[] {
    const value = parent[name];
    if (value === undefined || value === null) return [];
    return Array.isArray(value) ? value : this.fail(name, 'array or null', value);
  }
}
