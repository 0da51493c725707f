import type { DataSet, Item, ItemKind } from '../../data/data.ts';
import { DataError } from '../../errors.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { ItemCodec } from '../codec.ts';
import { countRefused } from '../refused-items.ts';

/** Reads and writes of one environment in a database, without cache or outage rules. Every method throws StoreError. */
export interface Persistence {
  /** What `$inited` holds; undefined when it is not there. Only its presence counts for others, who write nothing into it. */
  mark(): Promise<string | undefined>;
  /** Everything, sharing the items of `known` that did not change; undefined when the store was never filled. */
  load(known: DataSet | undefined): Promise<DataSet | undefined>;
  /** Replaces everything. */
  replace(data: DataSet): Promise<void>;
  /**
   * Brings in what is newer than what is stored, item by item, and marks the store as filled where it is not. Nothing newer
   * is ever overwritten, also while others write.
   */
  merge(data: DataSet, options: MergeOptions): Promise<Merged>;
  /** Writes the item unless the stored version is the same or newer; returns the item that counts. */
  upsert(item: Item): Promise<Item>;
}

/** How {@link Persistence.merge} ends. */
export interface MergeOptions {
  /** What `$inited` is to hold if it is not there. */
  readonly mark: string;
  /** What is stored and not in `data` goes: `data` come from a whole list of upstream. */
  readonly exact?: boolean;
}

/** What {@link Persistence.merge} leaves behind. */
export interface Merged {
  /** What is stored now, sharing the items that were given. */
  readonly data: DataSet;
  /** Items that were brought in. */
  readonly written: number;
  /** What `$inited` holds now. */
  readonly mark: string;
}

/** The kinds in the order in which they are written: segments before the flags that refer to them. */
export const WRITE_ORDER: readonly ItemKind[] = ['segments', 'flags'];

/** What is stored, unless it is broken: then it counts as absent and is overwritten. */
export function readable(codec: ItemCodec, kind: ItemKind, key: string, text: string, known?: Item): Item | undefined {
  try {
    return codec.decode(kind, key, text, known);
  } catch (error) {
    if (error instanceof DataError) return undefined;
    throw error;
  }
}

/** The texts of a whole database, by kind and key. */
export type StoredTexts = Readonly<Record<ItemKind, ReadonlyMap<string, string>>>;

/**
 * Makes what reads all items that a database holds. Those that cannot be read are left out, counted, and logged once for as long as
 * they are the same.
 * @param database its name, for the log
 */
export function createSetReader(
  codec: ItemCodec,
  logger: Logger,
  database: string,
): (texts: StoredTexts, known: DataSet | undefined) => DataSet {
  let skipped = '';
  const decodeAll = (kind: ItemKind, texts: ReadonlyMap<string, string>, known: DataSet | undefined, bad: string[]) => {
    const items = new Map<string, Item>();
    for (const [key, text] of texts) {
      try {
        items.set(key, codec.decode(kind, key, text, known?.[kind].get(key)));
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
        bad.push(error.message);
      }
    }
    return items;
  };
  return (texts, known) => {
    const bad = { segments: [] as string[], flags: [] as string[] };
    const data = {
      segments: decodeAll('segments', texts.segments, known, bad.segments),
      flags: decodeAll('flags', texts.flags, known, bad.flags),
    };
    const all = [...bad.segments, ...bad.flags];
    const problem = all.join('; ');
    if (problem !== '' && problem !== skipped) {
      countRefused('segments', bad.segments.length);
      countRefused('flags', bad.flags.length);
      logger.error(`items in ${database} cannot be read and are left out`, { count: all.length, error: all[0] });
    }
    skipped = problem;
    return known === undefined ? data : sharing(data, known);
  };
}

/** The set; `given` itself, or its parts, where nothing differs. */
export function sharing(data: DataSet, given: DataSet): DataSet {
  const flags = unchanged(data.flags, given.flags) ?? data.flags;
  const segments = unchanged(data.segments, given.segments) ?? data.segments;
  return flags === given.flags && segments === given.segments ? given : { flags, segments };
}

/** `known` when it holds exactly the same items. */
function unchanged(
  items: ReadonlyMap<string, Item>,
  known: ReadonlyMap<string, Item>,
): ReadonlyMap<string, Item> | undefined {
  if (known.size !== items.size) return undefined;
  for (const [key, item] of items) if (known.get(key) !== item) return undefined;
  return known;
}
