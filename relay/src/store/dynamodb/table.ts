import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Item, ItemKind } from '../../data/data.ts';
import type { Definition } from '../../environment/definition.ts';
import type { ItemCodec } from '../codec.ts';

/** One row of the table, by the names of its attributes. */
export type Row = Record<string, AttributeValue>;

/** The attributes of the table's key. */
export interface RowKey extends Row {
  readonly namespace: AttributeValue;
  readonly key: AttributeValue;
}

/** Where one environment's rows are; other programs read and write them too. */
export interface DynamoPlace {
  readonly table: string;
  /** Empty: names have no prefix. */
  readonly prefix: string;
  /** A name below the prefix. */
  named(name: string): string;
  /** The row of which namespace and key are both this name. */
  single(name: string): RowKey;
}

/** The rows under a prefix; there is no default one, unlike in Redis. */
export function dynamoPlace(table: string, prefix = ''): DynamoPlace {
  const named = (name: string): string => (prefix === '' ? name : `${prefix}:${name}`);
  return { table, prefix, named, single: (name) => rowKey(named(name), named(name)) };
}

/** Where an environment is: in its own table or in that of all. Validation makes one of them mandatory. */
export function placeOf(
  { tableName }: { readonly tableName: string | undefined },
  { table, prefix }: Pick<Definition, 'table' | 'prefix'>,
): DynamoPlace {
  return dynamoPlace(table ?? tableName ?? '', prefix);
}

/** The key of a row. */
export function rowKey(namespace: string, key: string): RowKey {
  return { namespace: { S: namespace }, key: { S: key } };
}

/** Its presence says that the store has been filled. */
export const INITED = '$inited';

/**
 * What the largest row may hold, in bytes as {@link rowBytes} counts them: DynamoDB takes 400 KiB, and ld-relay's SDK stays below so
 * that both drop the same items.
 */
export const MAX_ROW_BYTES = 400_000;
/** What a row takes beside names and values. */
const ROW_OVERHEAD = 100;

/** The row of an item. */
export function itemRow(place: DynamoPlace, codec: ItemCodec, item: Item): Row {
  return {
    ...rowKey(place.named(codec.keys[item.kind]), item.key),
    version: { N: String(item.version) },
    item: { S: codec.encode(item) },
  };
}

/** Bytes of a row of an item. */
export function rowBytes(row: Row): number {
  let bytes = ROW_OVERHEAD;
  for (const [name, value] of Object.entries(row)) bytes += name.length + Buffer.byteLength(value.S ?? value.N ?? '');
  return bytes;
}

/** What is read of the row of an item; undefined for a row without key or text. */
export function readRow(row: Row): { readonly key: string; readonly text: string } | undefined {
  const key = row.key?.S;
  const text = row.item?.S;
  return key === undefined || text === undefined ? undefined : { key, text };
}

/** The namespaces that hold items, by kind. */
export function namespaceOf(place: DynamoPlace, codec: ItemCodec, kind: ItemKind): string {
  return place.named(codec.keys[kind]);
}
