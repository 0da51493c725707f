import type { WriteRequest } from '@aws-sdk/client-dynamodb';
import { type DataSet, ITEM_KINDS, type Item, type ItemKind } from '../../data/data.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { ItemCodec } from '../codec.ts';
import {
  createSetReader,
  type Merged,
  type MergeOptions,
  type Persistence,
  readable,
  sharing,
  WRITE_ORDER,
} from '../database/persistence.ts';
import { countRefused } from '../refused-items.ts';
import type { DynamoCall, DynamoConnection } from './connection.ts';
import { busy, conditional, forEachOf, getRow, queryRows, writeBatches } from './requests.ts';
import {
  type DynamoPlace,
  INITED,
  itemRow,
  MAX_ROW_BYTES,
  namespaceOf,
  type Row,
  readRow,
  rowBytes,
  rowKey,
} from './table.ts';

/** Where the items of one environment are, and in what form. */
export interface DynamoPersistenceDeps {
  readonly place: DynamoPlace;
  readonly codec: ItemCodec;
  readonly logger: Logger;
}

/** Tries of a write that collides with others'. */
const MAX_CONFLICTS = 10;
/** A row that is not there, or is older than `:version`. Broken rows have a version, too, and go by it. */
const OLDER = 'attribute_not_exists(#namespace) or attribute_not_exists(#key) or :version > #version';
const OLDER_NAMES = { '#namespace': 'namespace', '#key': 'key', '#version': 'version' };

/**
 * ld-relay's layout in a DynamoDB table. No transaction spans a whole data set: it is written in batches, segments before the flags that
 * refer to them, and `$inited` last, so that a reader never takes a half-filled store for a full one; a reader beside it may see new
 * segments with old flags. Only rows that differ are written. Single items are written under a condition on their version.
 *
 * An item that is too large for a row is not written, which is logged and counted; this relay goes on serving it.
 */
export function createDynamoPersistence(
  connection: DynamoConnection,
  { place, codec, logger }: DynamoPersistenceDeps,
): Persistence {
  const { table } = place;
  const inited = place.single(INITED);
  const readSet = createSetReader(codec, logger, 'DynamoDB');
  /** Items that no row can hold, by namespace and key: they are served from here. */
  const large = new Map<string, Item>();
  const nameOf = ({ kind, key }: Pick<Item, 'kind' | 'key'>): string => `${kind}\n${key}`;

  /** The row to write, or undefined for an item that is too large for one. */
  const rowOf = (item: Item): Row | undefined => {
    const row = itemRow(place, codec, item);
    const bytes = rowBytes(row);
    if (bytes <= MAX_ROW_BYTES) {
      large.delete(nameOf(item));
      return row;
    }
    const { kind, key } = item;
    if (large.get(nameOf(item))?.version !== item.version) {
      countRefused(kind, 1);
      const where = { table, namespace: namespaceOf(place, codec, kind), key, bytes, limit: MAX_ROW_BYTES };
      logger.error(
        'an item is too large for DynamoDB and is not stored; SDKs that read the table do not get it',
        where,
      );
    }
    large.set(nameOf(item), item);
    return undefined;
  };

  const readTexts = async (call: DynamoCall): Promise<Record<ItemKind, Map<string, string>>> => {
    const texts = { segments: new Map<string, string>(), flags: new Map<string, string>() };
    for (const kind of ITEM_KINDS) {
      for (const row of await queryRows(call, table, namespaceOf(place, codec, kind))) {
        const read = readRow(row);
        if (read !== undefined) texts[kind].set(read.key, read.text);
      }
    }
    return texts;
  };

  /** The set with the items that are too large for the table, where it has nothing newer. */
  const withLarge = (data: DataSet): DataSet => {
    if (large.size === 0) return data;
    const all = { flags: new Map(data.flags), segments: new Map(data.segments) };
    for (const item of large.values()) {
      if ((all[item.kind].get(item.key)?.version ?? -1) < item.version) all[item.kind].set(item.key, item);
    }
    return all;
  };

  const put = (call: DynamoCall, row: Row, version: number, unconditional = false): Promise<boolean> =>
    conditional(call, () =>
      call.client.send(
        new call.aws.PutItemCommand({
          TableName: table,
          Item: row,
          ...(unconditional
            ? {}
            : {
                ConditionExpression: OLDER,
                ExpressionAttributeNames: OLDER_NAMES,
                ExpressionAttributeValues: { ':version': { N: String(version) } },
              }),
        }),
        call.until,
      ),
    );

  /** Writes an item unless what is stored is the same or newer; returns the one that counts. */
  const putNewer = async (call: DynamoCall, item: Item): Promise<Item> => {
    const row = rowOf(item);
    if (row === undefined) return item;
    const key = rowKey(namespaceOf(place, codec, item.kind), item.key);
    for (let attempt = 0; attempt < MAX_CONFLICTS; attempt++) {
      if (await put(call, row, item.version)) return item;
      const there = readRow((await getRow(call, table, key)) ?? {});
      const stored = there === undefined ? undefined : readable(codec, item.kind, item.key, there.text);
      if (stored !== undefined && stored.version >= item.version) return stored;
      // Broken, or its text is older than its version says: nobody could read it.
      if (there !== undefined && (await put(call, row, item.version, true))) return item;
    }
    throw busy(`${item.kind} ${item.key} in table ${table}`, MAX_CONFLICTS);
  };

  const markOf = (row: Row | undefined): string | undefined => (row === undefined ? undefined : (row.mark?.S ?? ''));

  const replace = async (call: DynamoCall, data: DataSet): Promise<void> => {
    const stored = await readTexts(call);
    const writes: WriteRequest[] = [];
    const deletes: WriteRequest[] = [];
    large.clear();
    for (const kind of WRITE_ORDER) {
      for (const item of data[kind].values()) {
        const row = rowOf(item);
        if (row === undefined) continue;
        if (stored[kind].get(item.key) !== row.item?.S) writes.push({ PutRequest: { Item: row } });
        stored[kind].delete(item.key);
      }
      for (const key of stored[kind].keys()) {
        deletes.push({ DeleteRequest: { Key: rowKey(namespaceOf(place, codec, kind), key) } });
      }
    }
    await writeBatches(call, table, [...writes, ...deletes]);
    // Last, and not in a batch with others, which DynamoDB writes in any order.
    await writeBatches(call, table, [{ PutRequest: { Item: inited } }]);
  };

  const merge = async (call: DynamoCall, data: DataSet, { mark, exact = false }: MergeOptions): Promise<Merged> => {
    const stored = await readTexts(call);
    const items = { flags: new Map<string, Item>(), segments: new Map<string, Item>() };
    let written = 0;
    for (const kind of WRITE_ORDER) {
      await forEachOf(data[kind].values(), async (item) => {
        const text = stored[kind].get(item.key);
        stored[kind].delete(item.key);
        const there = text === undefined ? undefined : readable(codec, kind, item.key, text, item);
        const counts = there !== undefined && there.version >= item.version ? there : await putNewer(call, item);
        items[kind].set(item.key, counts);
        if (counts === item && there !== item && !large.has(nameOf(item))) written += 1;
      });
      for (const [key, text] of stored[kind]) {
        if (exact) continue;
        const item = readable(codec, kind, key, text);
        if (item !== undefined) items[kind].set(key, item);
      }
      if (exact) await forEachOf(stored[kind], ([key, text]) => deleteAsRead(call, kind, key, text));
    }
    await conditional(call, () =>
      call.client.send(
        new call.aws.PutItemCommand({
          TableName: table,
          Item: { ...inited, mark: { S: mark } },
          ConditionExpression: 'attribute_not_exists(#namespace)',
          ExpressionAttributeNames: { '#namespace': 'namespace' },
        }),
        call.until,
      ),
    );
    const now = markOf(await getRow(call, table, inited));
    return { data: sharing(items, data), written, mark: now ?? mark };
  };

  /** What somebody has changed since it was read stays. */
  const deleteAsRead = async (call: DynamoCall, kind: ItemKind, key: string, text: string): Promise<void> => {
    await conditional(call, () =>
      call.client.send(
        new call.aws.DeleteItemCommand({
          TableName: table,
          Key: rowKey(namespaceOf(place, codec, kind), key),
          ConditionExpression: '#item = :item',
          ExpressionAttributeNames: { '#item': 'item' },
          ExpressionAttributeValues: { ':item': { S: text } },
        }),
        call.until,
      ),
    );
  };

  return {
    mark: () => connection.run(async (call) => markOf(await getRow(call, table, inited))),
    load: (known) =>
      connection.runLong(async (call) => {
        if ((await getRow(call, table, inited)) === undefined) return undefined;
        const data = withLarge(readSet(await readTexts(call), known));
        return known === undefined ? data : sharing(data, known);
      }),
    replace: (data) => connection.runLong((call) => replace(call, data)),
    merge: (data, options) => connection.runLong((call) => merge(call, data, options)),
    upsert: (item) => connection.runLong((call) => putNewer(call, item)),
  };
}
