import type { Dispatcher } from 'undici';
import type { RelayConfig } from '../config/document.ts';
import type { BigSegmentStore } from '../dialects/launchdarkly/bigsegments/types.ts';
import type { EnvironmentDefinition } from '../environment/definition.ts';
import type { Store, StoreEvents } from '../environment/store.ts';
import { StartupError } from '../errors.ts';
import type { Logger } from '../telemetry/logger.ts';
import { type Compile, createMemoryStore } from './memory.ts';
import type { TimeOperation } from './redis/timed.ts';

/** Makes the stores of all environments, and owns what they share. */
export interface Stores {
  /** @param definition the environment as it is now; its prefix is read once */
  create(definition: () => EnvironmentDefinition, events: StoreEvents, logger: Logger): Store;
  /** Only a database holds big segments. */
  readonly createBigSegments?: (
    definition: () => EnvironmentDefinition,
    changed: () => void,
    logger: Logger,
  ) => BigSegmentStore;
  /** Frees what the stores share; close the stores first. */
  close(): Promise<void>;
}

/** What {@link createStores} needs. */
export interface StoresDeps {
  readonly compile: Compile;
  readonly dispatcher: Dispatcher;
  readonly logger: Logger;
  /** Hears how long calls of the database took. */
  readonly timed?: TimeOperation;
  /** Another process writes the snapshots on disk and keeps big segments in step; this one only reads them. */
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
export async function createStores(config: RelayConfig, deps: StoresDeps): Promise<Stores> {
  const { compile, dispatcher, logger, timed, follower = false, allowed, onAbsent } = deps;
  const { redis } = config.store;
  const keep = await snapshots(config, compile, follower);
  if (redis === undefined) {
    return {
      create: (definition, _events, log) => keep(createMemoryStore(compile), definition, log),
      close: () => Promise.resolve(),
    };
  }
  const { createRedisConnection } = await import('./redis/connection.ts');
  const { createFollower } = await import('./redis/follower.ts');
  const { createRedisStore } = await import('./redis/store.ts');
  const { createBigSegmentStore } = await import('../dialects/launchdarkly/bigsegments/store.ts');
  const { RedisSettingsError } = await import('./redis/address.ts');
  try {
    const connection = createRedisConnection(redis, {
      logger,
      ...(allowed === undefined ? {} : { allowed }),
      ...(onAbsent === undefined ? {} : { onAbsent }),
    });
    const neighbours = createFollower(connection, logger);
    return {
      create: (definition, events, log) => {
        const store = createRedisStore(redis, definition().prefix, {
          connection,
          compile,
          follower: neighbours,
          events,
          logger: log,
          ...(timed === undefined ? {} : { timed }),
        });
        return keep(store, definition, log);
      },
      createBigSegments: (definition, changed, log) =>
        createBigSegmentStore({ config, definition, connection, dispatcher, changed, logger: log, follower }),
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

type Keep = (store: Store, definition: () => EnvironmentDefinition, logger: Logger) => Store;

/** Adds the disk snapshot where it is configured and the data are not on disk anyway. */
async function snapshots({ snapshot, offline }: RelayConfig, compile: Compile, readOnly: boolean): Promise<Keep> {
  if (snapshot === undefined || offline !== undefined) return (store) => store;
  const { snapshotFile } = await import('./snapshot/files.ts');
  const { withSnapshot } = await import('./snapshot/store.ts');
  return (store, definition, logger) => {
    if (definition().dataFile !== undefined) return store;
    const file = snapshotFile(snapshot.directory, definition, snapshot.encryptionKey);
    return withSnapshot(store, { file, compile, logger, readOnly });
  };
}
