import type { Compiled } from '../../data/data.ts';
import type { Store } from '../../environment/store.ts';
import type { ItemCodec } from '../codec.ts';
import { createDatabaseStore, type DatabaseStoreDeps } from '../database/store.ts';
import type { DynamoConnection } from './connection.ts';
import { createDynamoPersistence } from './persistence.ts';
import type { DynamoPlace } from './table.ts';

/** A store with the connection that all environments share. */
export interface DynamoStoreDeps<C extends Compiled> extends DatabaseStoreDeps<C> {
  readonly connection: DynamoConnection;
  readonly codec: ItemCodec;
}

/** One environment in a DynamoDB table, in ld-relay's layout. What others write is seen when the TTL says so: each look costs money. */
export function createDynamoStore<C extends Compiled>(
  place: DynamoPlace,
  { connection, codec, ...deps }: DynamoStoreDeps<C>,
): Store<C> {
  const { shownUrl } = connection;
  const shown = {
    database: 'dynamodb',
    ...(shownUrl === undefined ? {} : { dbServer: shownUrl }),
    ...(place.prefix === '' ? {} : { dbPrefix: place.prefix }),
    dbTable: place.table,
  } as const;
  return createDatabaseStore(
    {
      name: 'DynamoDB',
      persistence: createDynamoPersistence(connection, { place, codec, logger: deps.logger }),
      place: () => shown,
    },
    deps,
  );
}
