import { readFileSync } from 'node:fs';
import { type ConnectionOptions, createSecureContext } from 'node:tls';
import type { RelayConfig } from '../../config/document.ts';
import { knownAuthorities } from '../../upstream/authorities.ts';
import { parseRedisUrl, type RedisAddress, RedisSettingsError } from './address.ts';

/** `store.redis` of the configuration. */
export type RedisConfig = Whole<NonNullable<RelayConfig['store']['redis']>>;

/** What has a default may be left out by those who make a configuration themselves. */
type Whole<C extends object> = Omit<C, Defaulted> & Partial<Pick<C, Defaulted & keyof C>>;
type Defaulted = 'atomicUpsert' | 'connectTimeoutMs' | 'readTimeoutMs';

/** A server that does not answer a command within this is treated as gone, in ms. */
const COMMAND_TIMEOUT_MS = 5_000;
/** Connecting, and finding the nodes of a Cluster, takes at most this long, in ms. */
const CONNECT_TIMEOUT_MS = 3_000;

/** Everything that is needed to connect, with every file read. */
export interface RedisSettings {
  readonly mode: RedisConfig['mode'];
  readonly address: RedisAddress;
  readonly sentinelMaster?: string;
  readonly sentinelPassword?: string;
  readonly tls?: ConnectionOptions;
  /** ms */
  readonly connectTimeoutMs: number;
  /** For the answer to a command, in ms. */
  readonly commandTimeoutMs: number;
}

/**
 * Reads the configuration together with the files that it names.
 * @throws RedisSettingsError that names the setting
 */
export function readRedisSettings(config: RedisConfig): RedisSettings {
  const url = value('url', config.url, config.urlFile) ?? 'redis://localhost:6379';
  const login = {
    username: value('username', config.username, config.usernameFile),
    password: value('password', config.password, config.passwordFile),
  };
  const address = parseRedisUrl(url, login, config.mode === 'sentinel' ? 26_379 : 6379);
  if (config.mode === 'single' && address.nodes.length > 1) {
    throw new RedisSettingsError('store.redis.url names several servers; set store.redis.mode to sentinel or cluster');
  }
  if (config.mode === 'sentinel' && config.sentinelMaster === undefined) {
    throw new RedisSettingsError('store.redis.sentinelMaster is needed with store.redis.mode sentinel');
  }
  if (config.mode === 'cluster' && address.database !== 0) {
    throw new RedisSettingsError('store.redis.url: a Redis Cluster has only database 0');
  }
  const tls = tlsOptions(config, address.tls);
  const sentinelPassword = value('sentinelPassword', config.sentinelPassword, config.sentinelPasswordFile);
  return {
    mode: config.mode,
    address,
    connectTimeoutMs: config.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    commandTimeoutMs: config.readTimeoutMs ?? COMMAND_TIMEOUT_MS,
    ...(config.sentinelMaster === undefined ? {} : { sentinelMaster: config.sentinelMaster }),
    ...(sentinelPassword === undefined ? {} : { sentinelPassword }),
    ...(tls === undefined ? {} : { tls }),
  };
}

/**
 * Reads everything again after one of {@link secretFiles} changed. A file that has become empty counts as one that is gone: it is
 * being written, or somebody took the key out of its Secret.
 * @throws RedisSettingsError that names the setting or the file
 */
export function rereadRedisSettings(config: RedisConfig, before: RedisSettings): RedisSettings {
  const next = readRedisSettings(config);
  for (const [name, file] of [
    ['username', config.usernameFile],
    ['password', config.passwordFile],
  ] as const) {
    if (file !== undefined && before.address[name] && !next.address[name]) {
      throw new RedisSettingsError(`store.redis.${name}File: ${file} is empty`);
    }
  }
  return next;
}

/** The files whose change means new settings. */
export function secretFiles(config: RedisConfig): string[] {
  const files = [
    config.urlFile,
    config.usernameFile,
    config.passwordFile,
    config.caFile,
    config.certFile,
    config.keyFile,
  ];
  return files.filter((file) => file !== undefined);
}

function tlsOptions(config: RedisConfig, secure: boolean): ConnectionOptions | undefined {
  const { caFile, certFile, keyFile } = config;
  if ((certFile === undefined) !== (keyFile === undefined)) {
    throw new RedisSettingsError('store.redis.certFile and store.redis.keyFile must be given together');
  }
  if (!secure && caFile === undefined && certFile === undefined) return undefined;
  const own = caFile === undefined ? [] : [read('caFile', caFile)];
  const options = {
    ca: [...knownAuthorities(process.env), ...own],
    ...(certFile === undefined ? {} : { cert: read('certFile', certFile) }),
    ...(keyFile === undefined ? {} : { key: read('keyFile', keyFile) }),
  };
  try {
    // Hundreds of authorities are parsed once, and not for each connection.
    return { secureContext: createSecureContext(options) };
  } catch {
    // A certificate and a key that do not fit yet, while they are replaced: connecting says so until they do.
    return options;
  }
}

function value(name: string, inline: string | undefined, file: string | undefined): string | undefined {
  return file === undefined ? inline : read(`${name}File`, file).trim();
}

function read(name: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new RedisSettingsError(`store.redis.${name}: cannot read ${file}`, { cause });
  }
}
