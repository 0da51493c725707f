import { once } from 'node:events';
import { isDeepStrictEqual } from 'node:util';
import { Cluster } from 'ioredis';
import { StoreError } from '../../errors.ts';
import { watchFiles } from '../../files/watch.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { createClient, type RedisClient } from './client.ts';
import {
  type RedisConfig,
  type RedisSettings,
  readRedisSettings,
  rereadRedisSettings,
  secretFiles,
} from './settings.ts';

/** The relay's way to Redis, shared by all environments: one pipelined client, and a few for transactions. */
export interface RedisConnection {
  /** The URL with the password shown as `xxxxx`. */
  readonly shownUrl: string;
  /** A Cluster: keys of one environment may live on different servers. */
  readonly cluster: boolean;
  /** Runs commands that need no state on the connection. @throws StoreError */
  run<T>(work: (client: RedisClient) => Promise<T>): Promise<T>;
  /** Runs a transaction (WATCH … EXEC) on a client that nobody else uses meanwhile. @throws StoreError */
  transact<T>(work: (client: RedisClient) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Transactions that run at the same time; more wait in line, one for each environment at most. */
const MAX_TRANSACTION_CLIENTS = 4;

/** A piece of work may take this much longer than one command, in ms: a client may wait for a node. */
const RUN_MARGIN_MS = 1_000;
const TRANSACTION_TIMEOUT_MS = 30_000;

/** Dependencies of {@link createRedisConnection} beside the settings. */
export interface RedisConnectionOptions {
  readonly logger: Logger;
  readonly secretsPollMs?: number;
  /** Hears after a change of the files with secrets why they cannot be used, and `undefined` when they can. */
  readonly onAbsent?: (problem: string | undefined) => void;
  /** Asked right before commands are handed to the driver: false refuses them. */
  readonly allowed?: () => boolean;
}

/** The clients that were made with one set of credentials. */
interface Clients {
  readonly shared: RedisClient;
  readonly idle: RedisClient[];
  readonly busy: Set<RedisClient>;
  lastError: string | undefined;
}

/**
 * Opens the connection; returns at once, commands wait for it. New passwords, certificates or a new URL in a mounted file
 * are taken over without a restart.
 * @throws RedisSettingsError for settings that cannot be used
 */
export function createRedisConnection(config: RedisConfig, options: RedisConnectionOptions): RedisConnection {
  const { logger, secretsPollMs, allowed = () => true } = options;
  let settings = readRedisSettings(config);
  const waiting: (() => void)[] = [];
  let closed = false;

  const newClient = (owner: () => Clients): RedisClient =>
    createClient(settings, (message) => {
      const clients = owner();
      // Once for each outage: the driver tries several times a second.
      if (clients.lastError === undefined) logger.warn('Redis cannot be reached', { server: shown(), error: message });
      clients.lastError = message;
    });
  const open = (): Clients => {
    const opened: Clients = {
      shared: newClient(() => opened),
      idle: [],
      busy: new Set(),
      lastError: undefined,
    };
    opened.shared.on('ready', () => {
      opened.lastError = undefined;
    });
    return opened;
  };
  const shown = (): string => settings.address.shown;
  let clients = open();

  const drop = (old: Clients): void => {
    for (const client of [old.shared, ...old.idle, ...old.busy]) client.disconnect();
  };
  /** The driver gives a client up in a few corner cases (a Sentinel that answers while it disconnects): then it is replaced. */
  const usable = (): Clients => {
    if (clients.shared.status === 'end' && !closed) {
      const { lastError } = clients;
      drop(clients);
      clients = open();
      clients.lastError = lastError;
    }
    return clients;
  };
  /** Why the files could not be used at the last look. */
  let problem: string | undefined;
  const reload = (): void => {
    let next: RedisSettings;
    try {
      next = rereadRedisSettings(config, settings);
    } catch (error) {
      const { message } = error as Error;
      if (message !== problem)
        logger.error('changed Redis credentials cannot be used; the former ones stay', { error: message });
      problem = message;
      options.onAbsent?.(message);
      return;
    }
    problem = undefined;
    options.onAbsent?.(undefined);
    // A file that was touched, or is back as it was: no reason to interrupt anything.
    if (isDeepStrictEqual(next, settings)) return;
    settings = next;
    const old = clients;
    clients = open();
    drop(old);
    logger.info('connecting to Redis with changed credentials', { server: shown() });
  };
  const files = secretFiles(config);
  const watching = files.length === 0 ? undefined : watchFiles(files, reload, secretsPollMs);

  /** Turns a driver's error into ours; the connection's own trouble says more than "max retries". */
  const failure = (error: unknown, used: Clients): StoreError => {
    if (error instanceof StoreError) return error;
    const { name, message } = error as Error;
    const lost = name === 'MaxRetriesPerRequestError' || message === 'Connection is closed.';
    const text = lost ? (used.lastError ?? `the connection to ${shown()} was lost`) : message;
    // Not the driver's own error: it holds the arguments of the command, and those of AUTH are a password.
    return new StoreError(text, { cause: `${name}: ${message}` });
  };

  const checkAllowed = (): void => {
    if (!allowed()) throw new StoreError('Redis is left alone: another process may be using it now');
  };

  const lease = async (): Promise<[RedisClient, Clients]> => {
    while (clients.idle.length === 0 && clients.busy.size >= MAX_TRANSACTION_CLIENTS) {
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
    if (closed) throw new StoreError('the connection to Redis is closed');
    const owner = usable();
    let client = owner.idle.pop();
    while (client?.status === 'end') client = owner.idle.pop();
    client ??= newClient(() => owner);
    owner.busy.add(client);
    return [client, owner];
  };

  return {
    get shownUrl() {
      return shown();
    },
    get cluster() {
      return settings.mode === 'cluster';
    },
    run: async (work) => {
      const used = usable();
      try {
        await whenReady(used.shared, settings.connectTimeoutMs);
        checkAllowed();
        return await within(settings.commandTimeoutMs + RUN_MARGIN_MS, work(used.shared));
      } catch (error) {
        throw failure(error, used);
      }
    },
    transact: async (work) => {
      const [client, owner] = await lease();
      let clean = false;
      try {
        await whenReady(client, settings.connectTimeoutMs);
        checkAllowed();
        const result = await within(Math.max(TRANSACTION_TIMEOUT_MS, settings.commandTimeoutMs * 2), work(client));
        clean = true;
        return result;
      } catch (error) {
        throw failure(error, owner);
      } finally {
        owner.busy.delete(client);
        // After an error nobody knows what is watched or queued on it.
        if (clean && owner === clients && !closed) owner.idle.push(client);
        else client.disconnect();
        waiting.shift()?.();
      }
    },
    close: async () => {
      closed = true;
      watching?.close();
      drop(clients);
      for (const resume of waiting.splice(0)) resume();
    },
  };
}

/**
 * Waits until a Cluster client knows its nodes: what it is given before waits without a limit. Other clients queue with the
 * limit of the command.
 */
async function whenReady(client: RedisClient, connectTimeoutMs: number): Promise<void> {
  if (!(client instanceof Cluster) || client.status === 'ready') return;
  try {
    await once(client, 'ready', { signal: AbortSignal.timeout(connectTimeoutMs) });
  } catch (error) {
    // Both mean the same: no node can be reached. What exactly is wrong is in the error event.
    throw new Error('Connection is closed.', { cause: error });
  }
}

/** The result, or an error when it takes longer than `ms`. */
async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`Redis did not answer within ${ms} ms`)), ms);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
