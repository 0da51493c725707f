import { setTimeout as pause } from 'node:timers/promises';
import type { ChainableCommander } from 'ioredis';
import type { DataSet, Item, ItemKind } from '../../data/data.ts';
import { StoreError } from '../../errors.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { ItemCodec } from '../codec.ts';
import { createSetReader, type Persistence, readable, sharing, WRITE_ORDER } from '../database/persistence.ts';
import type { RedisClient } from './client.ts';
import type { RedisConnection } from './connection.ts';
import type { RedisKeys } from './keys.ts';

/** Where the items of one environment are, and in what form. */
export interface PersistenceDeps {
  readonly keys: RedisKeys;
  readonly codec: ItemCodec;
  readonly logger: Logger;
  /** Single items are written by a script. */
  readonly atomicUpsert?: boolean;
}

/** Fields in one HSET: long commands would block the server. */
const FIELDS_PER_COMMAND = 200;
/** Tries of an optimistic transaction before the writers around count as broken. */
const MAX_CONFLICTS = 50;
/** Writes a field unless its text has the same version or a newer one, which it returns then. Broken texts are overwritten. */
const UPSERT = `
local stored = redis.call('HGET', KEYS[1], ARGV[1])
if stored then
  local ok, item = pcall(cjson.decode, stored)
  local version = ok and type(item) == 'table' and tonumber(item.version)
  if version and version >= tonumber(ARGV[2]) then return stored end
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return false`;
/** Between tries: a random time up to this, in ms, so that two busy writers get out of step. */
const CONFLICT_PAUSE_MS = 10;

/**
 * Contract 6.2 on a connection. In a Cluster the three keys of an environment usually live on different servers, where no
 * transaction spans them: each hash is then replaced in a transaction of its own, segments before the flags that refer to
 * them, and `$inited` last, so that a reader never takes a half-filled store for a full one. A prefix with a hash tag
 * (`{name}`) keeps them together and gets the one atomic transaction.
 */
export function createPersistence(
  connection: RedisConnection,
  { keys, codec, logger, atomicUpsert = false }: PersistenceDeps,
): Persistence {
  const atomic = (): boolean => !connection.cluster || keys.oneSlot;
  const readSet = createSetReader(codec, logger, 'Redis');

  const readPairs = async (): Promise<[inited: boolean, ...ReadonlyMap<string, string>[]]> => {
    const hashes = WRITE_ORDER.map((kind) => keys.hash(kind));
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

  const write = async (client: RedisClient, data: DataSet): Promise<void> => {
    if (atomic()) {
      await executeCertainly(() => {
        const transaction = client.multi();
        for (const kind of WRITE_ORDER) replaceHash(transaction, keys.hash(kind), data[kind], codec);
        return transaction.set(keys.inited, '');
      });
      return;
    }
    for (const kind of WRITE_ORDER) {
      await executeCertainly(() => {
        const transaction = client.multi();
        replaceHash(transaction, keys.hash(kind), data[kind], codec);
        return transaction;
      });
    }
    await client.set(keys.inited, '');
  };

  /** One try of a merge of some kinds that live on one server; undefined when somebody else wrote meanwhile. */
  const tryMerge = async (
    client: RedisClient,
    kinds: readonly ItemKind[],
    data: DataSet,
    { exact = false, mark }: { readonly exact?: boolean; readonly mark?: string },
  ): Promise<(Merge & { readonly mark: string }) | undefined> => {
    const hashes = kinds.map((kind) => keys.hash(kind));
    await client.watch(...hashes, ...(mark === undefined ? [] : [keys.inited]));
    const present = mark === undefined ? '' : await client.get(keys.inited);
    const merge: Merge = { items: new Map(), written: 0 };
    // Never empty: a Cluster finds the server by the key, and it is the end that stops the watching.
    const transaction = client.multi().exists(hashes[0] ?? '');
    for (const [index, kind] of kinds.entries()) {
      const stored = pairs(await client.hgetall(hashes[index] ?? ''));
      mergeHash(transaction, hashes[index] ?? '', kind, { stored, data: data[kind], exact, merge });
    }
    if (present === null) transaction.set(keys.inited, mark ?? '');
    if ((await executeWatched(transaction)) === undefined) return undefined;
    return { ...merge, mark: present ?? mark ?? '' };
  };

  const mergeUntilDone = async (
    client: RedisClient,
    kinds: readonly ItemKind[],
    data: DataSet,
    options: { readonly exact?: boolean; readonly mark?: string },
  ): Promise<Merge & { readonly mark: string }> => {
    for (let attempt = 0; attempt < MAX_CONFLICTS; attempt++) {
      const result = await tryMerge(client, kinds, data, options);
      if (result !== undefined) return result;
      await pause(Math.random() * CONFLICT_PAUSE_MS);
    }
    throw busy(keys.hash(kinds[0] ?? 'flags'));
  };

  /** Compares what is stored with what is given, and queues what has to change. */
  const mergeHash = (
    transaction: ChainableCommander,
    hash: string,
    kind: ItemKind,
    { stored, data, exact, merge }: HashMerge,
  ): void => {
    const items = new Map<string, Item>();
    const fields: string[] = [];
    for (const [key, item] of data) {
      const text = stored.get(key);
      const there = text === undefined ? undefined : readable(codec, kind, key, text, item);
      const newer = there === undefined || there.version < item.version;
      if (newer) fields.push(key, codec.encode(item));
      items.set(key, newer ? item : there);
    }
    merge.written += fields.length / 2;
    setFields(transaction, hash, fields);
    const others = [...stored].filter(([key]) => !data.has(key));
    if (exact && others.length > 0) transaction.hdel(hash, ...others.map(([key]) => key));
    for (const [key, text] of exact ? [] : others) {
      const item = readable(codec, kind, key, text);
      if (item !== undefined) items.set(key, item);
    }
    merge.items.set(kind, items);
  };

  const tryUpsert = async (client: RedisClient, item: Item): Promise<Item | undefined> => {
    const hash = keys.hash(item.kind);
    await client.watch(hash);
    const text = await client.hget(hash, item.key);
    const stored = text === null ? undefined : readable(codec, item.kind, item.key, text);
    if (stored !== undefined && stored.version >= item.version) {
      // Not UNWATCH: without a key a Cluster would send it to any of its servers.
      await executeWatched(client.multi().exists(hash));
      return stored;
    }
    const result = await executeWatched(client.multi().hset(hash, item.key, codec.encode(item)));
    return result === undefined ? undefined : item;
  };

  const upsertWatched = (item: Item): Promise<Item> =>
    connection.transact(async (client) => {
      for (let attempt = 0; attempt < MAX_CONFLICTS; attempt++) {
        const result = await tryUpsert(client, item);
        if (result !== undefined) return result;
        await pause(Math.random() * CONFLICT_PAUSE_MS);
      }
      throw busy(keys.hash(item.kind));
    });

  /** One round trip; undefined when what is stored has a version and cannot be read all the same. */
  const upsertByScript = (item: Item): Promise<Item | undefined> =>
    connection.run(async (client) => {
      const hash = keys.hash(item.kind);
      const stored = await client.eval(UPSERT, 1, hash, item.key, item.version, codec.encode(item));
      return stored === null ? item : readable(codec, item.kind, item.key, String(stored));
    });

  return {
    mark: () => connection.run(async (client) => (await client.get(keys.inited)) ?? undefined),
    load: async (known) => {
      const [inited, segments = new Map(), flags = new Map()] = await readPairs();
      if (!inited) return undefined;
      return readSet({ segments, flags }, known);
    },
    replace: (data) => connection.transact((client) => write(client, data)),
    merge: (data, options) =>
      connection.transact(async (client) => {
        if (atomic()) {
          const { items, written, mark } = await mergeUntilDone(client, WRITE_ORDER, data, options);
          return { data: dataOf(items, data), written, mark };
        }
        const { exact = false } = options;
        const items = new Map<ItemKind, ReadonlyMap<string, Item>>();
        let written = 0;
        for (const kind of WRITE_ORDER) {
          const merge = await mergeUntilDone(client, [kind], data, { exact });
          items.set(kind, merge.items.get(kind) ?? new Map());
          written += merge.written;
        }
        // Last, so that nobody takes a half-filled store for a full one.
        await client.set(keys.inited, options.mark, 'NX');
        return { data: dataOf(items, data), written, mark: (await client.get(keys.inited)) ?? options.mark };
      }),
    upsert: async (item) => {
      const counts = atomicUpsert ? await upsertByScript(item) : undefined;
      return counts ?? upsertWatched(item);
    },
  };
}
/** What a merge found and changed so far. */
interface Merge {
  readonly items: Map<ItemKind, ReadonlyMap<string, Item>>;
  written: number;
}

/** One hash to be merged. */
interface HashMerge {
  readonly stored: ReadonlyMap<string, string>;
  readonly data: ReadonlyMap<string, Item>;
  readonly exact: boolean;
  readonly merge: Merge;
}

function busy(key: string): StoreError {
  return new StoreError(`${key} is written by others all the time; ${MAX_CONFLICTS} tries were in vain`);
}

/** The merged set; `given` itself, or its parts, where nothing differs. */
function dataOf(items: ReadonlyMap<ItemKind, ReadonlyMap<string, Item>>, given: DataSet): DataSet {
  return sharing({ flags: items.get('flags') ?? new Map(), segments: items.get('segments') ?? new Map() }, given);
}

function replaceHash(
  transaction: ChainableCommander,
  hash: string,
  items: ReadonlyMap<string, Item>,
  codec: ItemCodec,
): void {
  transaction.del(hash);
  const fields: string[] = [];
  for (const [key, item] of items) fields.push(key, codec.encode(item));
  setFields(transaction, hash, fields);
}

function setFields(transaction: ChainableCommander, hash: string, fields: readonly string[]): void {
  for (let at = 0; at < fields.length; at += FIELDS_PER_COMMAND * 2) {
    transaction.hset(hash, ...fields.slice(at, at + FIELDS_PER_COMMAND * 2));
  }
}

/** Results of a transaction's commands; undefined when a watched key was changed by somebody else. Throws the first error. */
async function executeWatched(transaction: ChainableCommander): Promise<unknown[] | undefined> {
  const replies = await transaction.exec();
  return replies?.map(([error, reply]) => {
    if (error !== null) throw error;
    return reply;
  });
}

/** Runs a transaction that watches nothing; what the connection may have been left to watch makes it begin again. */
async function executeCertainly(build: () => ChainableCommander): Promise<void> {
  for (let attempt = 0; attempt < MAX_CONFLICTS; attempt++) {
    if ((await executeWatched(build())) !== undefined) return;
  }
  throw new StoreError(`a write was refused ${MAX_CONFLICTS} times`);
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
