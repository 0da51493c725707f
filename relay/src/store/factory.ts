import type { Dispatcher } from 'undici';
import type { BigSegmentStore } from '../bigsegments/types.ts';
import type { RelayConfig } from '../config/document.ts';
import { type EnvironmentDefinition, StartupError } from '../environment/definition.ts';
import type { Logger } from '../telemetry/logger.ts';
import { type Compile, createMemoryStore } from './memory.ts';
import type { Store, StoreEvents } from './store.ts';

/** Makes the stores of all environments, and owns what they share. */
export interface Stores {
  create(definition: EnvironmentDefinition, events: StoreEvents, logger: Logger): Store;
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
}

/**
 * Picks the kind of store that the configuration asks for. Drivers are loaded only when they are used.
 * @throws StartupError for settings that cannot be used
 */
export async function createStores(config: RelayConfig, { compile, dispatcher, logger }: StoresDeps): Promise<Stores> {
  const { redis } = config.store;
  if (redis === undefined) {
    return { create: () => createMemoryStore(compile), close: () => Promise.resolve() };
  }
  const { createRedisConnection } = await import('./redis/connection.ts');
  const { createRedisStore } = await import('./redis/store.ts');
  const { createBigSegmentStore } = await import('../bigsegments/store.ts');
  const { RedisSettingsError } = await import('./redis/address.ts');
  try {
    const connection = createRedisConnection(redis, { logger });
    return {
      create: ({ prefix }, events, log) =>
        createRedisStore(redis, prefix, { connection, compile, events, logger: log }),
      createBigSegments: (definition, changed, log) =>
        createBigSegmentStore({ config, definition, connection, dispatcher, changed, logger: log }),
      close: () => connection.close(),
    };
  } catch (error) {
    if (error instanceof RedisSettingsError) throw new StartupError(error.message, { cause: error });
    throw error;
  }
}
