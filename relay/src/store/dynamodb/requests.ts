import { setTimeout as pause } from 'node:timers/promises';
import type { WriteRequest } from '@aws-sdk/client-dynamodb';
import { delayAfter } from '@flagrelay/kube/backoff';
import { StoreError } from '../../errors.ts';
import type { DynamoCall } from './connection.ts';
import type { Row, RowKey } from './table.ts';

/** Rows of one BatchWriteItem: DynamoDB's own limit. */
const BATCH = 25;
/** Between tries of what a batch left over, in ms: DynamoDB has no capacity left at the moment. */
const BACKOFF = { baseMs: 50, maxMs: 5_000 };
/** Requests on their way at a time. */
const PARALLEL = 8;

/** One row, by a strongly consistent read; undefined when it is not there. */
export async function getRow({ aws, client, until }: DynamoCall, table: string, key: RowKey): Promise<Row | undefined> {
  const { Item } = await client.send(
    new aws.GetItemCommand({ TableName: table, Key: key, ConsistentRead: true }),
    until,
  );
  return Item;
}

/** All rows of a namespace, page by page, by strongly consistent reads. */
export async function queryRows({ aws, client, until }: DynamoCall, table: string, namespace: string): Promise<Row[]> {
  const rows: Row[] = [];
  let start: Row | undefined;
  do {
    const page = await client.send(
      new aws.QueryCommand({
        TableName: table,
        ConsistentRead: true,
        KeyConditionExpression: '#namespace = :namespace',
        ExpressionAttributeNames: { '#namespace': 'namespace' },
        ExpressionAttributeValues: { ':namespace': { S: namespace } },
        ...(start === undefined ? {} : { ExclusiveStartKey: start }),
      }),
      until,
    );
    rows.push(...(page.Items ?? []));
    start = page.LastEvaluatedKey;
  } while (start !== undefined);
  return rows;
}

/** Puts and deletes in batches, one after the other. What DynamoDB leaves over is sent again after a jittered, growing wait. */
export async function writeBatches(
  { aws, client, until }: DynamoCall,
  table: string,
  requests: readonly WriteRequest[],
): Promise<void> {
  for (let at = 0; at < requests.length; at += BATCH) {
    let left: WriteRequest[] = requests.slice(at, at + BATCH);
    for (let attempt = 0; left.length > 0; attempt++) {
      if (attempt > 0) await pause(delayAfter(attempt - 1, BACKOFF), undefined, { signal: until.abortSignal });
      const { UnprocessedItems } = await client.send(
        new aws.BatchWriteItemCommand({ RequestItems: { [table]: left } }),
        until,
      );
      left = UnprocessedItems?.[table] ?? [];
    }
  }
}

/** Does one thing after the other for each of many, several at a time. */
export async function forEachOf<T>(many: Iterable<T>, work: (one: T) => Promise<void>): Promise<void> {
  const iterator = many[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    for (let next = iterator.next(); next.done !== true; next = iterator.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
}

/** Whether the condition of a write held; other failures are thrown. */
export async function conditional(call: DynamoCall, write: () => Promise<unknown>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (error instanceof call.aws.ConditionalCheckFailedException) return false;
    throw error;
  }
}

/** For what others write all the time. */
export function busy(what: string, tries: number): StoreError {
  return new StoreError(`${what} is written by others all the time; ${tries} tries were in vain`);
}
