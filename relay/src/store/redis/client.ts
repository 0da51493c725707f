import { delayAfter } from '@flagrelay/kube/backoff';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import type { RedisSettings } from './settings.ts';

/** One connection to Redis, or one set of connections to the nodes of a Cluster. */
export type RedisClient = Redis | Cluster;

/** A lost connection is tried again after this, in ms, doubled from try to try, less up to half at random. */
const RECONNECT_MS = 50;
/** The longest of these waits: recovery is looked for every 500 ms (contract 6.5). */
const MAX_RECONNECT_MS = 500;

/** Reconnecting; attempts count from 1. */
const reconnectDelay = (attempt: number): number =>
  delayAfter(attempt - 1, { baseMs: RECONNECT_MS, maxMs: MAX_RECONNECT_MS });

/**
 * Makes a client that fails fast: a command waits for the running connection attempt and then fails, it is never sent twice,
 * and none waits longer than the settings say.
 * @param onError hears of each connection failure; `message` has no credential
 */
export function createClient(settings: RedisSettings, onError: (message: string) => void): RedisClient {
  const client = settings.mode === 'cluster' ? clusterClient(settings) : singleClient(settings);
  client.on('error', (error: Error) => onError(error.message));
  if (client instanceof Cluster) client.on('node error', (error: Error) => onError(error.message));
  return client;
}

type CommonOptions = Omit<RedisOptions, 'replyMapping' | 'host' | 'port' | 'path' | 'sentinels' | 'retryStrategy'>;

function commonOptions({ address, tls, connectTimeoutMs, commandTimeoutMs }: RedisSettings): CommonOptions {
  return {
    ...(address.username === undefined ? {} : { username: address.username }),
    ...(address.password === undefined ? {} : { password: address.password }),
    ...(tls === undefined ? {} : { tls }),
    connectTimeout: connectTimeoutMs,
    commandTimeout: commandTimeoutMs,
    // Drops a connection that has gone dead silently, so that the next command gets a new one.
    socketTimeout: commandTimeoutMs,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    connectionName: 'flagrelay',
    // RESP3 needs Redis 6 and a permission for HELLO; nothing here needs RESP3.
    protocol: 2,
    disableClientInfo: true,
    // A server that became a replica in a failover refuses writes: look for the master again.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  };
}

function singleClient(settings: RedisSettings): Redis {
  const { address, tls, sentinelMaster } = settings;
  const common = { ...commonOptions(settings), db: address.database, retryStrategy: reconnectDelay };
  const node = address.nodes[0];
  if (settings.mode !== 'sentinel') return new Redis({ ...common, host: node?.host ?? '', port: node?.port ?? 0 });
  return new Redis({
    ...common,
    sentinels: [...address.nodes],
    name: sentinelMaster ?? '',
    ...(settings.sentinelPassword === undefined ? {} : { sentinelPassword: settings.sentinelPassword }),
    ...(tls === undefined ? {} : { enableTLSForSentinelMode: true, sentinelTLS: tls }),
    sentinelCommandTimeout: settings.connectTimeoutMs,
    sentinelRetryStrategy: reconnectDelay,
  });
}

function clusterClient(settings: RedisSettings): Cluster {
  return new Cluster([...settings.address.nodes], {
    clusterRetryStrategy: reconnectDelay,
    // Its queue has no time limit.
    enableOfflineQueue: false,
    slotsRefreshTimeout: settings.connectTimeoutMs,
    redisOptions: commonOptions(settings),
    // With TLS the certificate names hosts, so the nodes must be reached by the names that they announce.
    ...(settings.tls === undefined
      ? {}
      : { dnsLookup: (host: string, done: (e: null, host: string) => void) => done(null, host) }),
  });
}
