import { isDeepStrictEqual } from 'node:util';
import type { KubernetesObject } from '../../runtime/objects.ts';
import { quantityValue } from '../sizing/quantity.ts';
import { type FieldSet, fieldRecords, isOwn, ownFields } from './field-records.ts';

/** One thing that is not as it should be. */
export interface Difference {
  /** For people: `spec.template.spec.containers[relay].image`. */
  readonly path: string;
  /** Where it is in records of fields, as far as the API server tells fields apart. */
  readonly steps: readonly string[];
}

/**
 * Where a live object differs from what was applied, by the API server's own record of the fields that are ours
 * (`metadata.managedFields`), so that it is right for each kind and version without a list by hand:
 *
 * - a value that is not what we want, or not there;
 * - a field that is in our record no more: another manager has taken it;
 * - a map or a list that our record holds as a whole (atomic) and in which there is more than we want; what is more
 *   in its items counts only in selectors, as the API server fills in defaults in all others.
 *
 * What others add beside our fields is theirs, and no difference. `desired` is without ownerReferences. At most `limit` are answered.
 */
export function differencesOf(desired: KubernetesObject, live: KubernetesObject, limit = 5): Difference[] {
  const { apiVersion: _version, kind: _kind, ...content } = desired;
  const found: Difference[] = [];
  const fields = ownFields(live);
  const context = { found, limit };
  if (fields === undefined && (live.metadata?.managedFields ?? []).length > 0) {
    note(context, { path: 'metadata.managedFields', steps: ['f:metadata'] });
  }
  // Name and namespace are no fields that anybody holds.
  const { name: _name, namespace: _namespace, ...metadata } = content.metadata ?? {};
  const wanted = Object.keys(metadata).length === 0 ? omitMetadata(content) : { ...content, metadata };
  compare(wanted, live, fields ?? unknownFields, { path: '', steps: [] }, context);
  return found;
}

function omitMetadata({ metadata: _metadata, ...rest }: KubernetesObject): object {
  return rest;
}

/** Names of those, other than us, who hold a field, or part of it, by the record of the live object; without duplicates. */
export function holdersOf({ steps }: Difference, live: KubernetesObject): string[] {
  const others = fieldRecords(live).filter((record) => !isOwn(record) && holds(record.fields, steps));
  return [...new Set(others.map(({ manager }) => manager))].filter((manager) => manager !== '');
}

/** True for a record that has the field, or the atomic map or list that it is in. */
function holds(fields: FieldSet, steps: readonly string[]): boolean {
  let node = fields;
  for (const step of steps) {
    const next = node[step];
    if (next === undefined) return node !== fields && isLeaf(node);
    node = next;
  }
  return steps.length > 0;
}

/** What is ours below a node: its record, all of it (below an atomic map or list), or not known. */
type Held = FieldSet | typeof wholeFields | typeof unknownFields;
const wholeFields = Symbol('all of it');
const unknownFields = Symbol('not known');

interface Context {
  readonly found: Difference[];
  readonly limit: number;
}

function note({ found, limit }: Context, difference: Difference): void {
  if (found.length < limit) found.push(difference);
}

function compare(desired: unknown, live: unknown, held: Held, at: Difference, context: Context): void {
  if (context.found.length >= context.limit) return;
  if (Array.isArray(desired)) compareLists(desired, live, held, at, context);
  else if (typeof desired === 'object' && desired !== null) compareMaps(desired, live, held, at, context);
  else if (!isSameValue(desired, live, held)) note(context, at);
}

function compareMaps(desired: object, live: unknown, held: Held, at: Difference, context: Context): void {
  const entries = Object.entries(desired).filter(([, value]) => value !== undefined);
  if (typeof live !== 'object' || live === null || Array.isArray(live)) {
    if (live !== undefined || entries.some(([, value]) => !isZero(value))) note(context, at);
    return;
  }
  if (isSelector(at.path)) {
    if (!isDeepStrictEqual(withoutEmpty(desired), withoutEmpty(live))) note(context, inside(at, desired, live));
    return;
  }
  for (const [key, value] of entries) {
    const path = at.path === '' ? key : `${at.path}.${key}`;
    const child = Object.hasOwn(live, key) ? Reflect.get(live, key) : undefined;
    if (typeof held === 'symbol' || isLeaf(held)) {
      compare(value, child, typeof held === 'symbol' ? held : wholeFields, { path, steps: at.steps }, context);
      continue;
    }
    const step = `f:${key}`;
    const below = { path, steps: [...at.steps, step] };
    const fields = held[step];
    if (fields === undefined) note(context, below);
    else compare(value, child, fields, below, context);
  }
}

function compareLists(desired: readonly unknown[], live: unknown, held: Held, at: Difference, context: Context): void {
  const items: readonly unknown[] = Array.isArray(live) ? live : [];
  const whole = typeof held === 'symbol' || isLeaf(held);
  if ((live !== undefined && !Array.isArray(live)) || (whole && items.length !== desired.length)) {
    note(context, at);
    return;
  }
  if (typeof held === 'symbol' || isLeaf(held)) {
    const below = typeof held === 'symbol' ? held : wholeFields;
    for (const [index, item] of desired.entries()) {
      compare(item, items[index], below, { path: `${at.path}[${index}]`, steps: at.steps }, context);
    }
    return;
  }
  for (const [index, item] of desired.entries()) {
    const keyed = keyOf(item, held);
    const path = `${at.path}[${keyed?.name ?? index}]`;
    if (keyed === undefined) note(context, { path, steps: at.steps });
    else {
      const found = items.find((other) => isNamed(other, keyed));
      compare(item, found, held[keyed.step] ?? {}, { path, steps: [...at.steps, keyed.step] }, context);
    }
  }
}

/** An item of a keyed list or of a set, as a record names it. */
interface KeyedItem {
  readonly step: string;
  /** For people: the keys, or the value. */
  readonly name: string;
  /** The keys by which it is found; undefined for an item of a set. */
  readonly keys: readonly (readonly [string, unknown])[] | undefined;
  readonly value: unknown;
}

/** Records are shared by many objects: what their steps say is read once. */
const itemsOfRecords = new WeakMap<FieldSet, readonly KeyedItem[]>();

function itemsOf(fields: FieldSet): readonly KeyedItem[] {
  const known = itemsOfRecords.get(fields);
  if (known !== undefined) return known;
  const items = Object.keys(fields).flatMap((step): KeyedItem[] => {
    const kind = step.slice(0, 2);
    if (kind !== 'k:' && kind !== 'v:') return [];
    const value: unknown = JSON.parse(step.slice(2));
    const keys = kind === 'k:' ? Object.entries(value as object) : undefined;
    return [{ step, name: keys?.map(([, key]) => String(key)).join('/') ?? String(value), keys, value }];
  });
  itemsOfRecords.set(fields, items);
  return items;
}

/** The item of the record that stands for what we want; undefined when none does. */
function keyOf(wanted: unknown, fields: FieldSet): KeyedItem | undefined {
  return itemsOf(fields).find(({ keys, value }) => {
    if (keys === undefined) return isDeepStrictEqual(value, wanted);
    // A key that we leave out has a default, as the protocol of a port.
    return keys.every(([key, is]) => {
      const ours = property(wanted, key);
      return ours === undefined || ours === is;
    });
  });
}

/** True for the item of a live list that the record names. */
function isNamed(item: unknown, { keys, value }: KeyedItem): boolean {
  if (keys === undefined) return isDeepStrictEqual(value, item);
  return keys.every(([key, is]) => property(item, key) === is);
}

function property(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
}

function isLeaf(fields: FieldSet): boolean {
  return Object.keys(fields).length === 0;
}

/**
 * Equal, or the same written in another way: a quantity (`0.5` is kept as `500m`), and an empty value, which the API server
 * leaves out. Where it is not known whether the field is still ours, an empty value that is missing is a difference.
 */
function isSameValue(desired: unknown, live: unknown, held: Held): boolean {
  if (Object.is(desired, live)) return true;
  if (live === undefined) return held !== unknownFields && isZero(desired);
  const quantities = [desired, live].every((value) => typeof value === 'string' || typeof value === 'number');
  return quantities && quantityValue(desired as string) === quantityValue(live as string);
}

function isZero(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.values(value).every(isZero);
  return value === '' || value === 0 || value === false || value === null || value === undefined;
}

/** Selectors get no defaults: one word more, whoever added it, selects something else. */
function isSelector(path: string): boolean {
  return /(?:^|\.)(?:\w*[sS]elector)$/.test(path) && !path.startsWith('metadata.');
}

/** The word of a selector that is not as it should be. */
function inside(at: Difference, desired: object, live: object): Difference {
  for (const key of new Set([...Object.keys(live), ...Object.keys(desired)])) {
    const [wanted, is] = [property(desired, key), property(live, key)];
    if (isDeepStrictEqual(wanted, is)) continue;
    const below = { path: `${at.path}.${key}`, steps: at.steps };
    const maps = [wanted, is].every((value) => typeof value === 'object' && value !== null && !Array.isArray(value));
    return maps ? inside(below, wanted as object, is as object) : below;
  }
  return at;
}

function withoutEmpty(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined && !isEmpty(item)));
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
