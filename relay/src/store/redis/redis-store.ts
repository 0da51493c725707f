import { type Compiled, ITEM_KINDS } from '../../data/data.ts';
import type { Store } from '../../environment/store.ts';
import type { ItemCodec } from '../codec.ts';
import { createDatabaseStore, type DatabaseStoreDeps } from '../database/store.ts';
import type { RedisConnection } from './connection.ts';
import type { Follower } from './follower.ts';
import { redisKeys } from './keys.ts';
import { createPersistence } from './persistence.ts';
import type { RedisConfig } from './settings.ts';

/** A store with the connection that all environments share, and how neighbours are followed. */
export interface RedisStoreDeps<C extends Compiled> extends Omit<DatabaseStoreDeps<C>, 'cacheTtlMs'> {
  readonly connection: RedisConnection;
  readonly codec: ItemCodec;
  /** Absent: what others write is seen only when the TTL says so. */
  readonly follower?: Follower;
}

/**
 * One environment in Redis, in ld-relay's layout (contract 6).
 * @param prefix of the keys; the dialect's own when absent
 */
export function createRedisStore<C extends Compiled>(
  config: Pick<RedisConfig, 'cacheTtlMs' | 'atomicUpsert'>,
  prefix: string | undefined,
  { connection, codec, follower, ...deps }: RedisStoreDeps<C>,
): Store<C> {
  const keys = redisKeys(prefix, codec);
  const watched = [keys.inited, ...ITEM_KINDS.map(keys.hash)];
  return createDatabaseStore(
    {
      name: 'Redis',
      persistence: createPersistence(connection, {
        keys,
        codec,
        logger: deps.logger,
        ...(config.atomicUpsert === undefined ? {} : { atomicUpsert: config.atomicUpsert }),
      }),
      place: () => ({ database: 'redis', dbServer: connection.shownUrl, dbPrefix: keys.prefix }),
      ...(follower === undefined ? {} : { follow: (changed) => follower.follow(watched, changed) }),
    },
    { ...deps, cacheTtlMs: config.cacheTtlMs },
  );
}
