import { setTimeout as pause } from 'node:timers/promises';
import type { ChainableCommander } from 'ioredis';
import type { DataSet, Item, ItemKind } from '../../model/data.ts';
import { DataError } from '../../model/parse.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { StoreError } from '../store.ts';
import type { RedisClient } from './client.ts';
import { decodeItem, encodeItem } from './codec.ts';
import type { RedisConnection } from './connection.ts';
import type { RedisKeys } from './keys.ts';

/** Reads and writes of one environment, without cache or outage rules. Every method throws {@link StoreError}. */
export interface Persistence {
  /** Whether `$inited` is there. */
  inited(): Promise<boolean>;
  /** Everything, sharing the items of `known` that did not change; undefined when the store was never filled. */
  load(known: DataSet | undefined): Promise<DataSet | undefined>;
  /** Replaces everything. */
  replace(data: DataSet): Promise<void>;
  /** Replaces everything unless somebody else has filled the store in the meantime; false then. */
  refill(data: DataSet): Promise<boolean>;
  /** Writes the item unless the stored version is the same or newer; returns the item that counts. */
  upsert(item: Item): Promise<Item>;
}

const KINDS: readonly ItemKind[] = ['segments', 'flags'];
/** Fields in one HSET: long commands would block the server. */
const FIELDS_PER_COMMAND = 200;
/** Tries of an optimistic transaction before the writers around count as broken. */
const MAX_CONFLICTS = 50;
/** Between tries: a random time up to this, in ms, so that two busy writers get out of step. */
const CONFLICT_PAUSE_MS = 10;

/**
 * Contract 6.2 on a connection. In a Cluster the three keys of an environment usually live on different servers, where no
 * transaction spans them: each hash is then replaced in a transaction of its own, segments before the flags that refer to
 * them, and `$inited` last, so that a reader never takes a half-filled store for a full one. A prefix with a hash tag
 * (`{name}`) keeps them together and gets the one atomic transaction.
 */
export function createPersistence(connection: RedisConnection, keys: RedisKeys, logger: Logger): Persistence {
  const atomic = (): boolean => !connection.cluster || keys.oneSlot;
  let skipped = '';

  const readPairs = async (): Promise<[inited: boolean, ...ReadonlyMap<string, string>[]]> => {
    const hashes = KINDS.map((kind) => keys.hash(kind));
    return connection.run(async (client) => {
      if (!atomic()) {
        const [exists, ...replies] = await Promise.all([
          client.exists(keys.inited),
          ...hashes.map((hash) => client.hgetall(hash)),
        ]);
        return [exists === 1, ...replies.map(pairs)];
      }
      const transaction = client.multi().exists(keys.inited);
      for (const hash of hashes) transaction.hgetall(hash);
      const [exists, ...replies] = await execute(transaction);
      return [exists === 1, ...replies.map(pairs)];
    });
  };

  const write = async (client: RedisClient, data: DataSet): Promise<boolean> => {
    if (atomic()) {
      const transaction = client.multi();
      for (const kind of KINDS) replaceHash(transaction, keys.hash(kind), data[kind]);
      return (await executeWatched(transaction.set(keys.inited, ''))) !== undefined;
    }
    for (const kind of KINDS) {
      const transaction = client.multi();
      replaceHash(transaction, keys.hash(kind), data[kind]);
      if ((await executeWatched(transaction)) === undefined) return false;
    }
    await client.set(keys.inited, '');
    return true;
  };

  const tryUpsert = async (client: RedisClient, item: Item): Promise<Item | undefined> => {
    const hash = keys.hash(item.kind);
    await client.watch(hash);
    const text = await client.hget(hash, item.key);
    const stored = text === null ? undefined : readable(item, text);
    if (stored !== undefined && stored.version >= item.version) {
      await client.unwatch();
      return stored;
    }
    const result = await executeWatched(client.multi().hset(hash, item.key, encodeItem(item)));
    return result === undefined ? undefined : item;
  };

  /** What is stored, unless it is broken: then it counts as absent and is overwritten. */
  const readable = (item: Item, text: string): Item | undefined => {
    try {
      return decodeItem(item.kind, item.key, text);
    } catch (error) {
      if (error instanceof DataError) return undefined;
      throw error;
    }
  };

  const decodeAll = (kind: ItemKind, texts: ReadonlyMap<string, string>, known: DataSet | undefined, bad: string[]) => {
    const items = new Map<string, Item>();
    for (const [key, text] of texts) {
      try {
        items.set(key, decodeItem(kind, key, text, known?.[kind].get(key)));
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
        bad.push(error.message);
      }
    }
    return unchanged(items, known?.[kind]) ?? items;
  };

  return {
    inited: () => connection.run(async (client) => (await client.exists(keys.inited)) === 1),
    load: async (known) => {
      const [inited, segments = new Map(), flags = new Map()] = await readPairs();
      if (!inited) return undefined;
      const bad: string[] = [];
      const data = {
        segments: decodeAll('segments', segments, known, bad),
        flags: decodeAll('flags', flags, known, bad),
      };
      const problem = bad.join('; ');
      if (problem !== '' && problem !== skipped) {
        logger.error('items in Redis cannot be read and are left out', { count: bad.length, error: bad[0] });
      }
      skipped = problem;
      return known !== undefined && data.flags === known.flags && data.segments === known.segments ? known : data;
    },
    replace: (data) => connection.transact(async (client) => void (await write(client, data))),
    refill: (data) =>
      connection.transact(async (client) => {
        await client.watch(keys.inited);
        if ((await client.exists(keys.inited)) === 1) {
          await client.unwatch();
          return false;
        }
        // Where no transaction spans the keys, two relays may both write: the same data, give or take the last update.
        if (!atomic()) await client.unwatch();
        return write(client, data);
      }),
    upsert: (item) =>
      connection.transact(async (client) => {
        for (let attempt = 0; attempt < MAX_CONFLICTS; attempt++) {
          const result = await tryUpsert(client, item);
          if (result !== undefined) return result;
          await pause(Math.random() * CONFLICT_PAUSE_MS);
        }
        throw new StoreError(
          `${keys.hash(item.kind)} is written by others all the time; ${MAX_CONFLICTS} tries were in vain`,
        );
      }),
  };
}

function replaceHash(transaction: ChainableCommander, hash: string, items: ReadonlyMap<string, Item>): void {
  transaction.del(hash);
  let fields: string[] = [];
  for (const [key, item] of items) {
    fields.push(key, encodeItem(item));
    if (fields.length >= FIELDS_PER_COMMAND * 2) {
      transaction.hset(hash, ...fields);
      fields = [];
    }
  }
  if (fields.length > 0) transaction.hset(hash, ...fields);
}

/** Results of a transaction's commands; undefined when a watched key was changed by somebody else. Throws the first error. */
async function executeWatched(transaction: ChainableCommander): Promise<unknown[] | undefined> {
  const replies = await transaction.exec();
  return replies?.map(([error, reply]) => {
    if (error !== null) throw error;
    return reply;
  });
}

async function execute(transaction: ChainableCommander): Promise<unknown[]> {
  return (await executeWatched(transaction)) ?? [];
}

/** An HGETALL reply, whichever of its two forms the driver gives. */
function pairs(reply: unknown): ReadonlyMap<string, string> {
  if (!Array.isArray(reply)) return new Map(Object.entries(reply as Record<string, string>));
  const map = new Map<string, string>();
  for (let i = 0; i + 1 < reply.length; i += 2) map.set(String(reply[i]), String(reply[i + 1]));
  return map;
}

/** `known` when it holds exactly the same items. */
function unchanged(
  items: ReadonlyMap<string, Item>,
  known: ReadonlyMap<string, Item> | undefined,
): ReadonlyMap<string, Item> | undefined {
  if (known === undefined || known.size !== items.size) return undefined;
  for (const [key, item] of items) if (known.get(key) !== item) return undefined;
  return known;
}
