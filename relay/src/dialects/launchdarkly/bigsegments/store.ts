import type { Dispatcher } from 'undici';
import type { RelayConfig } from '../../../config/document.ts';
import { placeOf } from '../../../store/dynamodb/table.ts';
import type { DatabaseConnection } from '../../../store/factory.ts';
import type { Logger } from '../../../telemetry/logger.ts';
import type { EnvironmentDefinition } from '../model/definition.ts';
import type { BigSegmentDatabase } from './database.ts';
import { createDynamoBigSegments } from './dynamodb.ts';
import { bigSegmentKeys } from './keys.ts';
import { createLookup } from './lookup.ts';
import { createRedisBigSegments } from './redis.ts';
import { createSynchronizer, type SynchronizerTiming } from './synchronizer.ts';
import type { BigSegmentStore } from './types.ts';
import { createBigSegmentUpstream } from './upstream.ts';

/** Dependencies of the big segments of one environment. */
export interface BigSegmentDeps {
  readonly config: Pick<RelayConfig, 'upstream' | 'bigSegments' | 'offline'>;
  /** The environment as it is now: keys rotate. */
  readonly definition: () => EnvironmentDefinition;
  readonly connection: DatabaseConnection;
  readonly dispatcher: Dispatcher;
  /** Memberships changed: clients have to ask again. */
  readonly changed: () => void;
  readonly logger: Logger;
  /** Another process keeps them in step with upstream; this one only reads. */
  readonly follower?: boolean;
  readonly timing?: Partial<SynchronizerTiming & { readonly statusMs: number }>;
}

/**
 * Big segments of one environment: kept in the store's database by synchronising with upstream, and asked for by evaluations. Nothing
 * happens until a big segment is seen. Where data come from a file or an archive, nothing is synchronised.
 */
export function createBigSegmentStore(deps: BigSegmentDeps): BigSegmentStore {
  const { config, definition, logger } = deps;
  const database = databaseOf(deps.connection, definition());
  const lookup = createLookup(database, logger, deps.timing?.statusMs);
  const synchronizer = createSynchronizer({
    upstream: createBigSegmentUpstream({
      maxEventBytes: config.upstream.maxEventBytes,
      baseUri: config.upstream.baseUri,
      streamUri: config.upstream.streamUri,
      sdkKey: () => definition().sdkKey,
      dispatcher: deps.dispatcher,
    }),
    database,
    logger,
    changed: () => {
      lookup.clear();
      deps.changed();
    },
    synchronized: lookup.synchronized,
    ...(deps.timing === undefined ? {} : { timing: deps.timing }),
  });

  return {
    query: lookup.query,
    seen: () => {
      lookup.watch();
      const hasUpstream = config.offline === undefined && definition().dataFile === undefined;
      if (hasUpstream && deps.follower !== true) synchronizer.start();
    },
    forget: lookup.clear,
    status: () => {
      const state = lookup.state();
      if (state === undefined) return undefined;
      const { available, synchronizedOn } = state;
      const potentiallyStale = Date.now() - synchronizedOn > config.bigSegments.staleThresholdMs;
      return { available, potentiallyStale, lastSynchronizedOn: synchronizedOn };
    },
    close: async () => {
      lookup.close();
      await synchronizer.close();
    },
  };
}

function databaseOf(connection: DatabaseConnection, definition: EnvironmentDefinition): BigSegmentDatabase {
  if ('redis' in connection) return createRedisBigSegments(connection.redis, bigSegmentKeys(definition.prefix));
  return createDynamoBigSegments(connection.dynamodb, placeOf(connection.dynamodb, definition));
}
