import { hash } from 'node:crypto';
import type { DataSet, Item, ItemKind } from '../../../data/data.ts';
import { SharedBody } from '../../../encoding/shared-body.ts';
import { event, type Frame } from '../../../streams/sse.ts';
import type { CompiledData } from '../evaluation/compiled.ts';

/**
 * The documents that are made of a whole data set. Each is built when it is first asked for, out of the items' own JSON
 * texts, and shared by everybody who gets the same data set.
 */
export class Payloads {
  readonly #data: DataSet;
  #all: Frame | undefined;
  #flags: Frame | undefined;
  #flagsBody: SharedBody | undefined;
  #latestBody: SharedBody | undefined;

  constructor(data: DataSet) {
    this.#data = data;
  }

  /** First event of `/all` (contract 2.2). Deleted items are left out. */
  get allPut(): Frame {
    this.#all ??= event('put', `{"path":"/","data":${this.#latest()}}`);
    return this.#all;
  }

  /** First event of `/flags`: the bare map of flags. */
  get flagsPut(): Frame {
    this.#flags ??= event('put', itemMap(this.#data.flags));
    return this.#flags;
  }

  /** Body of `/sdk/flags` with its unquoted `ETag` (contract 1.6). */
  get flagsBody(): SharedBody {
    this.#flagsBody ??= new SharedBody(itemMap(this.#data.flags), flagsTag(this.#data));
    return this.#flagsBody;
  }

  /** Body of `/sdk/latest-all`, for server SDKs that poll. */
  get latestBody(): SharedBody {
    this.#latestBody ??= new SharedBody(this.#latest(), latestTag(this.#data));
    return this.#latestBody;
  }

  #latest(): string {
    return `{"flags":${itemMap(this.#data.flags)},"segments":${itemMap(this.#data.segments)}}`;
  }
}

const cache = new WeakMap<CompiledData, Payloads>();

/** The payloads of a snapshot. They live as long as it does. */
export function payloadsOf(data: CompiledData): Payloads {
  let payloads = cache.get(data);
  if (payloads === undefined) {
    payloads = new Payloads(data.data);
    cache.set(data, payloads);
  }
  return payloads;
}

/** The event of one changed item on `/all`: `patch`, or `delete` for a tombstone (contract 2.2). */
export function itemEvent(item: Item): Frame {
  return changeEvent(item, `/${item.kind}/${item.key}`);
}

/** The same on `/flags`, whose paths lack the kind; undefined for segments, which send nothing there. */
export function flagsOnlyEvent(item: Item): Frame | undefined {
  return item.kind === 'flags' ? changeEvent(item, `/${item.key}`) : undefined;
}

/** `ETag` of one item for PHP (contract 1.6): without quotes. */
export function itemTag(item: Item): string {
  return `relay-${item.version}`;
}

/** `ETag` of all flags for PHP (contract 1.6): tombstones count, so that a deletion changes it. */
function flagsTag(data: DataSet): string {
  return `relay-${sha1([...versions(data, 'flags')])}`;
}

function latestTag(data: DataSet): string {
  return `"relay-${sha1([...versions(data, 'flags', 'f:'), ...versions(data, 'segments', 's:')])}"`;
}

function* versions(data: DataSet, kind: ItemKind, prefix = ''): Iterable<string> {
  for (const item of data[kind].values()) yield `${prefix}${item.key}:${item.version}`;
}

function sha1(lines: string[]): string {
  return hash('sha1', lines.sort().join('')).slice(0, 15);
}

function changeEvent(item: Item, path: string): Frame {
  const where = JSON.stringify(path);
  return item.deleted
    ? event('delete', `{"path":${where},"version":${item.version}}`)
    : event('patch', `{"path":${where},"data":${oneLine(item.json)}}`);
}

function itemMap(items: ReadonlyMap<string, Item>): string {
  const parts: string[] = [];
  for (const item of items.values()) {
    if (!item.deleted) parts.push(`${JSON.stringify(item.key)}:${oneLine(item.json)}`);
  }
  return `{${parts.join(',')}}`;
}

/** JSON may be spread over lines, as in a data file; a line break inside a string is always escaped, so a space is the same. */
export function oneLine(json: string): string {
  return json.includes('\n') || json.includes('\r') ? json.replace(/[\r\n]+/g, ' ') : json;
}
