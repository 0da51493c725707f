import { homedir } from 'node:os';
import { join } from 'node:path';

/** The checkout's root folder. */
export const repositoryRoot: string = join(import.meta.dirname, '..', '..');

/**
 * The folder for everything that is made once and kept outside the checkout: programs, images, the running cluster.
 * `$XDG_CACHE_HOME/flagrelay`, by default `~/.cache/flagrelay`.
 */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'flagrelay');
}
