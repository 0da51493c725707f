import type { DataSet, Item, ItemKind, RefusedItem, RefuseItem } from '../../../data/data.ts';
import { DataError } from '../../../errors.ts';
import { type Json, type JsonObject, replaceSurrogateEscapes } from '../../../json/json.ts';
import { forEachElement, forEachMember, JsonTextError, memberTexts, skipSpace } from '../../../json/scan.ts';
import { completeItem } from './complete.ts';
import { type Flag, readFlag } from './flag.ts';
import { ItemError, ItemReader } from './item-reader.ts';
import { readSegment, type Segment } from './segment.ts';

export { DataError } from '../../../errors.ts';
export { ItemError } from './item-reader.ts';

// What parsing already made of an item's text, kept until it is compiled (`releaseParsed`) so that the text is parsed once.
const parsedFlags = new WeakMap<Item, Flag>();
const parsedSegments = new WeakMap<Item, Segment>();

function parseJson(path: string, text: string): Json {
  try {
    return JSON.parse(replaceSurrogateEscapes(text)) as Json;
  } catch (error) {
    throw new DataError(`${path}: invalid JSON: ${(error as Error).message}`, { cause: error });
  }
}

const NULL = 'null';

/** Scans with the scanner's errors told as {@link DataError}. */
function scanned<T>(path: string, scan: () => T): T {
  try {
    return scan();
  } catch (error) {
    if (error instanceof JsonTextError || error instanceof SyntaxError) {
      throw new DataError(`${path}: invalid JSON: ${error.message}`, { cause: error });
    }
    throw error;
  }
}

/**
 * Parses one flag or segment and checks the types of its members as ld-relay does. `key` is the key it is filed under
 * (from the payload's map or the patch's path); without one the item's own `key` member, which then must not be empty.
 * Throws {@link DataError} that names the path.
 */
export function parseItem(kind: ItemKind, text: string, key?: string): Item {
  const path: string[] = key === undefined ? [kind] : [kind, key];
  const value = parseJson(`/${path.join('/')}`, text);
  const reader = new ItemReader(path);
  const model = kind === 'flags' ? readFlag(reader, value) : readSegment(reader, value);
  const itemKey = key ?? model.key;
  if (key === undefined && itemKey === '') throw new DataError(`/${kind}/key: a non-empty string is required`);
  const json = model.deleted ? text : completeItem(kind, text, value as JsonObject);
  const item: Item = { kind, key: itemKey, version: model.version, deleted: model.deleted, json };
  // Deleted ones are never compiled.
  if (item.deleted) return item;
  if (kind === 'flags') parsedFlags.set(item, model as Flag);
  else parsedSegments.set(item, model as Segment);
  return item;
}

/** The tombstone of a deleted item, with the JSON text that a store keeps of it. `version` is the version of the deletion. */
export function tombstone(kind: ItemKind, key: string, version: number): Item {
  return { kind, key, version, deleted: true, json: JSON.stringify({ key, version, deleted: true }) };
}

function parseItems(
  kind: ItemKind,
  text: string | undefined,
  refuse: RefuseItem | undefined,
): ReadonlyMap<string, Item> {
  const items = new Map<string, Item>();
  if (text === undefined || text === NULL) return items;
  const path = `/${kind}`;
  scanned(path, () =>
    forEachMember(text, 0, (key, start, stop) => {
      try {
        items.set(key, parseItem(kind, text.slice(start, stop), key));
      } catch (error) {
        if (!(error instanceof ItemError) || refuse === undefined) throw error;
        items.delete(key);
        refuse({ kind, key, reason: error.message });
      }
    }),
  );
  return items;
}

/**
 * Parses `{"flags": {…}, "segments": {…}}`. Every item keeps its original text, with what it lacks; other members of the document are
 * skipped; a kind that is missing is empty; of a repeated key the last one counts. With `refuse` an item that is no flag or
 * segment is left out, told, and named in the set, as long as there is another one; without it all are refused, as in ld-relay.
 * Throws {@link DataError} that names the path, what was found and what is allowed.
 * @param nulls what a kind that is `null` is: a mistake, as on the stream, or empty, as in files
 */
export function parseDataSet(text: string, refuse?: RefuseItem, nulls: 'refused' | 'empty' = 'refused'): DataSet {
  const members = scanned('/', () => memberTexts(text));
  for (const [name, value] of members) {
    if (name !== 'flags' && name !== 'segments') parseJson(`/${name}`, value);
    else if (!value.startsWith('{') && (value !== NULL || nulls === 'refused')) {
      throw new DataError(`/${name}: expected object, got ${value.slice(0, 20)}`);
    }
  }
  const refused: RefusedItem[] = [];
  const tell = refuse && ((item: RefusedItem) => void refused.push(item));
  const data = {
    flags: parseItems('flags', members.get('flags'), tell),
    segments: parseItems('segments', members.get('segments'), tell),
  };
  const first = refused[0];
  if (refuse === undefined || first === undefined) return data;
  if (data.flags.size + data.segments.size === 0) throw new DataError(first.reason);
  for (const item of refused) refuse(item);
  return { ...data, refused };
}

/** The flag of an item: what parsing left of it, or else its text is parsed again. Throws {@link DataError}. */
export function flagOf(item: Item): Flag {
  const parsed = parsedFlags.get(item);
  return parsed ?? readFlag(new ItemReader([item.kind, item.key]), parseJson(`/flags/${item.key}`, item.json));
}

/** The segment of an item, as {@link flagOf}. Throws {@link DataError}. */
export function segmentOf(item: Item): Segment {
  const parsed = parsedSegments.get(item);
  return parsed ?? readSegment(new ItemReader([item.kind, item.key]), parseJson(`/segments/${item.key}`, item.json));
}

/** Frees what parsing left of an item: it was compiled, and would else take its memory for as long as the item lives. */
export function releaseParsed(item: Item): void {
  parsedFlags.delete(item);
  parsedSegments.delete(item);
}

/** The JSON texts of a flag's variations, as the source spelled them. The item's text must be valid. */
export function variationTexts(item: Item): readonly string[] {
  const texts: string[] = [];
  let at = -1;
  forEachMember(item.json, skipSpace(item.json, 0), (key, start) => {
    if (key === 'variations') at = start;
  });
  if (at >= 0 && item.json.startsWith('[', at)) {
    forEachElement(item.json, at, (start, stop) => texts.push(item.json.slice(start, stop)));
  }
  return texts;
}
