import { StoreError } from '../../../errors.ts';
import type { RedisClient } from '../../../store/redis/client.ts';
import type { RedisConnection } from '../../../store/redis/connection.ts';
import { type Applied, type BigSegmentDatabase, hashContextKey, membershipOf } from './database.ts';
import type { BigSegmentKeys } from './keys.ts';
import type { BigSegmentPatch } from './patch.ts';

/** Tries of a patch that collides with other relays' patches. */
const MAX_CONFLICTS = 10;
/** Commands on their way at a time where there is no transaction. */
const PARALLEL = 500;

/**
 * The database behind big segments (contract 6.1–6.3). Each patch is one transaction guarded by a lock key. In a Cluster, where a transaction
 * does not span the keys of different contexts, the sets are written first and the cursor last: a patch that was cut short
 * is applied again, and applying it twice changes nothing. A prefix with a hash tag keeps the transaction.
 */
export function createRedisBigSegments(connection: RedisConnection, keys: BigSegmentKeys): BigSegmentDatabase {
  const atomic = (): boolean => !connection.cluster || keys.oneSlot;

  const tryApply = async (client: RedisClient, patch: BigSegmentPatch): Promise<Applied | 'conflict'> => {
    await client.watch(keys.lock);
    const cursor = await client.get(keys.cursor);
    if (cursor !== null && cursor !== patch.previousVersion) {
      await client.unwatch();
      return { applied: false, cursor };
    }
    if (!atomic()) {
      await client.unwatch();
      await applyOneByOne(client, patch);
      return { applied: true };
    }
    const transaction = client.multi();
    transaction.set(keys.lock, '');
    transaction.set(keys.cursor, patch.version);
    for (const [command, key] of memberships(keys, patch)) transaction[command](key, patch.segmentId);
    const replies = await transaction.exec();
    if (replies === null) return 'conflict';
    for (const [error] of replies) if (error !== null) throw error;
    return { applied: true };
  };

  const applyOneByOne = async (client: RedisClient, patch: BigSegmentPatch): Promise<void> => {
    const changes = [...memberships(keys, patch)];
    for (let at = 0; at < changes.length; at += PARALLEL) {
      const some = changes.slice(at, at + PARALLEL);
      await Promise.all(some.map(([command, key]) => client[command](key, patch.segmentId)));
    }
    await client.set(keys.lock, '');
    await client.set(keys.cursor, patch.version);
  };

  return {
    cursor: () => connection.run(async (client) => (await client.get(keys.cursor)) ?? undefined),
    apply: (patch) =>
      connection.transact(async (client) => {
        for (let attempt = 0; attempt < MAX_CONFLICTS; attempt++) {
          const result = await tryApply(client, patch);
          // After a conflict the cursor has moved, so that the next look ends it.
          if (result !== 'conflict') return result;
        }
        throw new StoreError(`${keys.lock} is written by others all the time`);
      }),
    synchronizedOn: () =>
      connection.run(async (client) => {
        const text = await client.get(keys.synchronizedOn);
        const ms = Number(text ?? 0);
        return Number.isFinite(ms) ? ms : 0;
      }),
    setSynchronizedOn: (ms) =>
      connection.run(async (client) => {
        await client.set(keys.synchronizedOn, String(ms));
      }),
    membership: (contextKey) =>
      connection.run(async (client) => {
        const hash = hashContextKey(contextKey);
        const [included, excluded] = await Promise.all([
          client.smembers(keys.include(hash)),
          client.smembers(keys.exclude(hash)),
        ]);
        return membershipOf(new Set(included), new Set(excluded));
      }),
  };
}

function* memberships(keys: BigSegmentKeys, { changes }: BigSegmentPatch): Generator<['sadd' | 'srem', string]> {
  for (const hash of changes.included.add) yield ['sadd', keys.include(hash)];
  for (const hash of changes.included.remove) yield ['srem', keys.include(hash)];
  for (const hash of changes.excluded.add) yield ['sadd', keys.exclude(hash)];
  for (const hash of changes.excluded.remove) yield ['srem', keys.exclude(hash)];
}
