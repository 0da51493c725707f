import { readFileSync } from 'node:fs';
import type { RelayConfig } from './document.ts';
import type { Problems } from './problems.ts';

/** Text of a secret file without the line end that editors add; undefined when it is missing or empty. Other failures throw the error of `node:fs`. */
function readSecretFile(path: string): string | undefined {
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
 * Fills in the secrets that are given as files and read once, at start. Those of environments, AutoConfig, Redis and
 * the proxy are left to their users, who follow changes.
 * @param running what was read at the start, when the document is read again: a file that is gone since is not a mistake
 */
export function resolveSecretFiles(config: RelayConfig, problems: Problems, running?: RelayConfig): RelayConfig {
  const read = (
    name: string,
    inline: string | undefined,
    file: string | undefined,
    before: string | undefined,
  ): string | undefined => {
    if (file === undefined || inline !== undefined) return inline;
    const result = trySecretFile(file);
    if ('value' in result) return result.value;
    if (before !== undefined) return before;
    problems.mistakes.push(`${name}: ${result.problem}`);
    return undefined;
  };
  const { redis } = config.store;
  const { autoConfig, snapshot } = config;
  const sentinelPassword = read(
    'Redis sentinelPasswordFile',
    redis?.sentinelPassword,
    redis?.sentinelPasswordFile,
    running?.store.redis?.sentinelPassword,
  );
  const cacheEncryptionKey = read(
    'AutoConfig cacheEncryptionKeyFile',
    autoConfig?.cacheEncryptionKey,
    autoConfig?.cacheEncryptionKeyFile,
    running?.autoConfig?.cacheEncryptionKey,
  );
  const encryptionKey = read(
    'Snapshot encryptionKeyFile',
    snapshot?.encryptionKey,
    snapshot?.encryptionKeyFile,
    running?.snapshot?.encryptionKey,
  );
  return {
    ...config,
    ...(redis && sentinelPassword !== undefined
      ? { store: { ...config.store, redis: { ...redis, sentinelPassword } } }
      : {}),
    ...(autoConfig && cacheEncryptionKey !== undefined ? { autoConfig: { ...autoConfig, cacheEncryptionKey } } : {}),
    ...(snapshot && encryptionKey !== undefined ? { snapshot: { ...snapshot, encryptionKey } } : {}),
  };
}
