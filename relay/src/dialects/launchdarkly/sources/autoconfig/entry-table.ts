import type { WriteRequest } from '@aws-sdk/client-dynamodb';
import type { RelayConfig } from '../../../../config/document.ts';
import { StartupError, StoreError } from '../../../../errors.ts';
import type { DynamoConfig } from '../../../../store/dynamodb/connection.ts';
import { RedisSettingsError } from '../../../../store/redis/address.ts';
import type { RedisConfig } from '../../../../store/redis/settings.ts';
import type { Logger } from '../../../../telemetry/logger.ts';
import type { Entries, EntryTable } from './shared-cache.ts';

/** Entries of a list, and bytes of one, that are read: more is not a list of environments. */
const MAX_ENTRIES = 20_000;
const MAX_ENTRY_BYTES = 1024 * 1024;

/**
 * Opens the table that the configuration asks for, on a connection of its own; undefined where it asks for none.
 * @throws StartupError for settings that cannot be used
 */
export async function openEntryTable(
  { autoConfig, store }: Pick<RelayConfig, 'autoConfig' | 'store'>,
  logger: Logger,
): Promise<EntryTable | undefined> {
  const key = autoConfig?.cacheKey;
  if (!key) return undefined;
  if (store.redis !== undefined) return redisTable(store.redis, key, logger);
  return store.dynamodb === undefined ? undefined : dynamoTable(store.dynamodb, key);
}

/** A hash whose key is exactly the configured one, without a prefix. */
async function redisTable(config: RedisConfig, key: string, logger: Logger): Promise<EntryTable> {
  const { createRedisConnection } = await import('../../../../store/redis/connection.ts');
  const connection = (() => {
    try {
      return createRedisConnection(config, { logger });
    } catch (error) {
      if (error instanceof RedisSettingsError) throw new StartupError(error.message, { cause: error });
      throw error;
    }
  })();
  return {
    name: `Redis ${key}`,
    read: () =>
      connection.run(async (client) => {
        checkSize(await client.hlen(key));
        return bounded(Object.entries(await client.hgetallBuffer(key)));
      }),
    write: (entries) =>
      connection.transact(async (client) => {
        const transaction = client.multi().del(key);
        for (const [name, bytes] of entries) transaction.hset(key, name, bytes);
        for (const [error] of (await transaction.exec()) ?? []) if (error !== null) throw error;
      }),
    close: () => connection.close(),
  };
}

/** Rows of the configured table, in a namespace that is exactly the configured key. */
async function dynamoTable(config: DynamoConfig, key: string): Promise<EntryTable> {
  const { createDynamoConnection } = await import('../../../../store/dynamodb/connection.ts');
  const { queryRows, writeBatches } = await import('../../../../store/dynamodb/requests.ts');
  const { rowKey } = await import('../../../../store/dynamodb/table.ts');
  const connection = await createDynamoConnection(config);
  const table = config.tableName ?? '';
  return {
    name: `DynamoDB ${table} ${key}`,
    read: () =>
      connection.runLong(async (call) => {
        const rows = await queryRows(call, table, key);
        checkSize(rows.length);
        return bounded(
          rows.flatMap((row) => {
            const [name, bytes] = [row.key?.S, row.item?.B];
            return name === undefined || bytes === undefined ? [] : [[name, Buffer.from(bytes)] as const];
          }),
        );
      }),
    write: (entries) =>
      connection.runLong(async (call) => {
        const gone = (await queryRows(call, table, key)).flatMap((row) => row.key?.S ?? []);
        const writes: WriteRequest[] = [...entries].map(([name, bytes]) => ({
          PutRequest: { Item: { ...rowKey(key, name), item: { B: bytes } } },
        }));
        for (const name of gone) {
          if (!entries.has(name)) writes.push({ DeleteRequest: { Key: rowKey(key, name) } });
        }
        await writeBatches(call, table, writes);
      }),
    close: async () => connection.close(),
  };
}

function checkSize(entries: number): void {
  if (entries > MAX_ENTRIES) throw new StoreError(`it has ${entries} entries; ${MAX_ENTRIES} are allowed`);
}

function bounded(entries: Iterable<readonly [string, Buffer]>): Entries {
  return new Map([...entries].filter(([, bytes]) => bytes.length <= MAX_ENTRY_BYTES));
}
