import { readFileSync } from 'node:fs';
import type { RelayConfig } from './document.ts';
import type { Problems } from './problems.ts';

/** Text of a secret file without the line end that editors add; undefined when it is missing or empty. Other failures throw the error of `node:fs`. */
export function readSecretFile(path: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
  return text.trim() || undefined;
}

/** Like {@link readSecretFile}, with every failure as a reason in words. */
export function trySecretFile(path: string): { readonly value: string } | { readonly problem: string } {
  try {
    const value = readSecretFile(path);
    return value === undefined ? { problem: `${path} is missing or empty` } : { value };
  } catch (error) {
    return { problem: `${path} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown error'}` };
  }
}

/**
 * Fills in the secrets that are given as files and read once, at start: those of Redis, the proxy, the caches. The paths
 * stay, so that a reader may look again. Secrets of environments and the AutoConfig key are left to their watchers.
 */
export function resolveSecretFiles(config: RelayConfig, problems: Problems): RelayConfig {
  const read = (name: string, inline: string | undefined, file: string | undefined): string | undefined => {
    if (file === undefined || inline !== undefined) return inline;
    const result = trySecretFile(file);
    if ('value' in result) return result.value;
    problems.mistakes.push(`${name}: ${result.problem}`);
    return undefined;
  };
  const { redis } = config.store;
  const { proxy } = config.upstream;
  const { autoConfig, snapshot } = config;
  return {
    ...config,
    upstream: proxy
      ? {
          ...config.upstream,
          proxy: defined({
            ...proxy,
            credentials: read('proxy credentialsFile', proxy.credentials, proxy.credentialsFile),
          }),
        }
      : config.upstream,
    store: redis
      ? {
          redis: defined({
            ...redis,
            url: read('Redis urlFile', redis.url, redis.urlFile),
            username: read('Redis usernameFile', redis.username, redis.usernameFile),
            password: read('Redis passwordFile', redis.password, redis.passwordFile),
            sentinelPassword: read('Redis sentinelPasswordFile', redis.sentinelPassword, redis.sentinelPasswordFile),
          }),
        }
      : config.store,
    ...(autoConfig
      ? {
          autoConfig: defined({
            ...autoConfig,
            cacheEncryptionKey: read(
              'AutoConfig cacheEncryptionKeyFile',
              autoConfig.cacheEncryptionKey,
              autoConfig.cacheEncryptionKeyFile,
            ),
          }),
        }
      : {}),
    ...(snapshot
      ? {
          snapshot: defined({
            ...snapshot,
            encryptionKey: read('Snapshot encryptionKeyFile', snapshot.encryptionKey, snapshot.encryptionKeyFile),
          }),
        }
      : {}),
  };
}

/** Leaves out members that are undefined, as the exact optional types want it. */
function defined<T extends object>(value: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;
}
