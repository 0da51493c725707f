import { createHash } from 'node:crypto';
import { StoreError } from '../../../errors.ts';
import type { RedisClient } from '../../../store/redis/client.ts';
import type { RedisConnection } from '../../../store/redis/connection.ts';
import type { BigSegmentMembership } from '../evaluation/compiled.ts';
import type { BigSegmentKeys } from './keys.ts';
import type { BigSegmentPatch } from './patch.ts';

/** Big segments of one environment in Redis (contract 6.1–6.3). Every method throws StoreError. */
export interface BigSegmentDatabase {
  /** Version of the last patch; undefined when there is none. */
  cursor(): Promise<string | undefined>;
  /** Applies a patch that follows on the cursor, or any when there is no cursor. Otherwise nothing changes. */
  apply(patch: BigSegmentPatch): Promise<Applied>;
  /** ms since the epoch; 0 = never */
  synchronizedOn(): Promise<number>;
  setSynchronizedOn(ms: number): Promise<void>;
  membership(contextKey: string): Promise<BigSegmentMembership>;
}

/** Whether a patch was applied; if not, the cursor on which it does not follow. */
export type Applied = { readonly applied: true } | { readonly applied: false; readonly cursor: string };

/** Tries of a patch that collides with other relays' patches. */
const MAX_CONFLICTS = 10;
/** Commands on their way at a time where there is no transaction. */
const PARALLEL = 500;

/** Standard base64 of SHA-256 over the bare key (contract 6.1). */
export function hashContextKey(key: string): string {
  return createHash('sha256').update(key).digest('base64');
}

/**
 * The database behind big segments. Each patch is one transaction guarded by a lock key. In a Cluster, where a transaction
 * does not span the keys of different contexts, the sets are written first and the cursor last: a patch that was cut short
 * is applied again, and applying it twice changes nothing. A prefix with a hash tag keeps the transaction.
 */
export function createBigSegmentDatabase(connection: RedisConnection, keys: BigSegmentKeys): BigSegmentDatabase {
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

/** Include wins over exclude (contract 14, row 41). */
function membershipOf(included: ReadonlySet<string>, excluded: ReadonlySet<string>): BigSegmentMembership {
  return { lookup: (ref) => (included.has(ref) ? true : excluded.has(ref) ? false : undefined) };
}

function* memberships(keys: BigSegmentKeys, { changes }: BigSegmentPatch): Generator<['sadd' | 'srem', string]> {
  for (const hash of changes.included.add) yield ['sadd', keys.include(hash)];
  for (const hash of changes.included.remove) yield ['srem', keys.include(hash)];
  for (const hash of changes.excluded.add) yield ['sadd', keys.exclude(hash)];
  for (const hash of changes.excluded.remove) yield ['srem', keys.exclude(hash)];
}
