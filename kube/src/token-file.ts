import { readFile } from 'node:fs/promises';
import { type Clock, systemClock } from './clock.ts';

/** A token is read again when it is older than this, in ms (client-go's value). */
const MAX_AGE_MS = 60_000;

/**
 * Text of a file that kubelet mounts for a service account, such as its token or CA, without the end of its line.
 * @throws Error when it cannot be read or is empty
 */
export async function readAccountFile(path: string): Promise<string> {
  const text = (await readFile(path, 'utf8')).trim();
  if (text === '')
    throw new Error(`service account file ${path} is empty: it must hold a bearer token or certificates`);
  return text;
}

/** A service account's token, which kubelet renews in its file. */
export interface TokenFile {
  /** The token, read again each minute. @throws Error when the file cannot be read or is empty */
  read(path: string): Promise<string>;
  /** The next `read` looks at the file: the server did not accept the token. */
  forget(): void;
}

/** Keeps the token that was read last. */
export function createTokenFile(clock: Clock = systemClock): TokenFile {
  let kept: { path: string; token: string; readAt: number } | undefined;
  return {
    async read(path) {
      if (kept?.path === path && clock.now() - kept.readAt < MAX_AGE_MS) return kept.token;
      const token = await readAccountFile(path);
      kept = { path, token, readAt: clock.now() };
      return token;
    },
    forget() {
      kept = undefined;
    },
  };
}
