import type { RelayConfig } from '../config/document.ts';
import type { Compile, Compiled } from '../data/data.ts';
import type { Definition } from '../environment/definition.ts';
import type { Store, StoreEvents } from '../environment/store.ts';
import { StartupError } from '../errors.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { ItemCodec } from './codec.ts';
import type { TimeOperation } from './database/timed.ts';
import type { DynamoConfig, DynamoConnection } from './dynamodb/connection.ts';
import { createMemoryStore } from './memory.ts';
import type { RedisConnection } from './redis/connection.ts';
import type { RedisConfig } from './redis/settings.ts';

/** The database of the stores, for what else is kept there. */
export type DatabaseConnection = { readonly redis: RedisConnection } | { readonly dynamodb: DynamoConnection };

/** Makes the stores of all environments, and owns what they share. */
export interface Stores<D extends Definition = Definition, C extends Compiled = Compiled> {
  /** @param definition the environment as it is now; its place in the database is read once */
  create(definition: () => D, events: StoreEvents, logger: Logger): Store<C>;
  /** The database that they are in, for what else a dialect keeps there; undefined without one. */
  readonly connection?: DatabaseConnection;
  /** Frees what the stores share; close the stores first. */
  close(): Promise<void>;
}

/** What a dialect's data are, and who hears of the stores. */
export interface StoresDeps<D extends Definition, C extends Compiled> {
  readonly codec: ItemCodec;
  readonly compile: Compile<C>;
  /** What an environment is, for its snapshot; undefined: its data are on disk anyway. */
  readonly identity: (definition: D) => string | undefined;
  readonly logger: Logger;
  /** Hears how long calls of the database took. */
  readonly timed?: TimeOperation;
  /** Another process writes the snapshots on disk; this one only reads them. */
  readonly follower?: boolean;
  /** False keeps every hand off the database; asked before each use. Absent: always allowed. */
  readonly allowed?: () => boolean;
  /** Hears why the files with the database's secrets cannot be used; undefined when they can. */
  readonly onAbsent?: (problem: string | undefined) => void;
}

/**
 * Picks the kind of store that the configuration asks for. Drivers are loaded only when they are used.
 * @throws StartupError for settings that cannot be used
 */
export async function createStores<D extends Definition, C extends Compiled>(
  config: Pick<RelayConfig, 'store' | 'snapshot' | 'offline'>,
  deps: StoresDeps<D, C>,
): Promise<Stores<D, C>> {
  const { redis, dynamodb } = config.store;
  const keep = await snapshots(config, deps);
  if (redis !== undefined) return redisStores(redis, deps, keep);
  if (dynamodb !== undefined) return dynamoStores(dynamodb, deps, keep);
  return {
    create: (definition, _events, log) => keep(createMemoryStore(deps.compile), definition, log),
    close: () => Promise.resolve(),
  };
}

async function redisStores<D extends Definition, C extends Compiled>(
  redis: RedisConfig,
  { codec, compile, logger, timed, allowed, onAbsent }: StoresDeps<D, C>,
  keep: Keep<D, C>,
): Promise<Stores<D, C>> {
  const { createRedisConnection } = await import('./redis/connection.ts');
  const { createFollower } = await import('./redis/follower.ts');
  const { createRedisStore } = await import('./redis/redis-store.ts');
  const { RedisSettingsError } = await import('./redis/address.ts');
  try {
    const connection = createRedisConnection(redis, {
      logger,
      ...(allowed === undefined ? {} : { allowed }),
      ...(onAbsent === undefined ? {} : { onAbsent }),
    });
    const neighbours = createFollower(connection, logger);
    return {
      connection: { redis: connection },
      create: (definition, events, log) => {
        const store = createRedisStore(redis, definition().prefix, {
          connection,
          codec,
          compile,
          follower: neighbours,
          events,
          logger: log,
          ...(timed === undefined ? {} : { timed }),
        });
        return keep(store, definition, log);
      },
      async close() {
        await neighbours.close();
        await connection.close();
      },
    };
  } catch (error) {
    if (error instanceof RedisSettingsError) throw new StartupError(error.message, { cause: error });
    throw error;
  }
}

async function dynamoStores<D extends Definition, C extends Compiled>(
  config: DynamoConfig,
  { codec, compile, timed, allowed }: StoresDeps<D, C>,
  keep: Keep<D, C>,
): Promise<Stores<D, C>> {
  const { createDynamoConnection } = await import('./dynamodb/connection.ts');
  const { createDynamoStore } = await import('./dynamodb/dynamodb-store.ts');
  const { placeOf } = await import('./dynamodb/table.ts');
  const connection = await createDynamoConnection(config, allowed === undefined ? {} : { allowed });
  return {
    connection: { dynamodb: connection },
    create: (definition, events, log) => {
      const store = createDynamoStore(placeOf(connection, definition()), {
        connection,
        cacheTtlMs: config.cacheTtlMs,
        codec,
        compile,
        events,
        logger: log,
        ...(timed === undefined ? {} : { timed }),
      });
      return keep(store, definition, log);
    },
    close: async () => connection.close(),
  };
}

type Keep<D extends Definition, C extends Compiled> = (
  store: Store<C>,
  definition: () => D,
  logger: Logger,
) => Store<C>;

/** Adds the disk snapshot where it is configured and the data are not on disk anyway. */
async function snapshots<D extends Definition, C extends Compiled>(
  { snapshot, offline }: Pick<RelayConfig, 'snapshot' | 'offline'>,
  { codec, compile, identity, follower = false }: StoresDeps<D, C>,
): Promise<Keep<D, C>> {
  if (snapshot === undefined || offline !== undefined) return (store) => store;
  const { snapshotFile } = await import('./snapshot/files.ts');
  const { withSnapshot } = await import('./snapshot/store.ts');
  return (store, definition, logger) => {
    if (identity(definition()) === undefined) return store;
    const owner = () => ({ name: definition().name, identity: identity(definition()) ?? '' });
    const file = snapshotFile(snapshot.directory, owner, codec, snapshot.encryptionKey);
    return withSnapshot(store, { file, compile, logger, readOnly: follower });
  };
}
