import { readFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import type { KubeConfig, User } from '@kubernetes/client-node';
import { type Clock, systemClock } from './clock.ts';

/** client-node does not export its interface of this name. */
type Authenticator = Parameters<KubeConfig['addAuthenticator']>[0];

/** A token is read again when it is older than this, in ms (client-go's value). */
const MAX_AGE_MS = 60_000;

/** Name that keeps client-node's own token reader, which cannot be told to read again, away from our users. */
const PROVIDER = 'rereadable-token-file';

/** Reads a service-account token from its file, again each minute, and at once after `forget`. */
export class TokenFileAuth implements Authenticator {
  readonly #clock: Clock;
  #cached: { path: string; token: string; readAt: number } | undefined;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  isAuthProvider(user: User): boolean {
    return user.authProvider?.name === PROVIDER;
  }

  /** Sets the Authorization header. Throws when the file cannot be read. */
  async applyAuthentication(user: User, options: Pick<RequestOptions, 'headers'>): Promise<void> {
    const path: string = user.authProvider.config.path;
    const fresh = this.#cached?.path === path && this.#clock.now() - this.#cached.readAt < MAX_AGE_MS;
    const token = fresh && this.#cached ? this.#cached.token : await this.#read(path);
    options.headers = { ...(options.headers as Record<string, string>), Authorization: `Bearer ${token}` };
  }

  /** The next request reads the file again. */
  forget(): void {
    this.#cached = undefined;
  }

  async #read(path: string): Promise<string> {
    const token = (await readFile(path, 'utf8')).trim();
    if (token === '') throw new Error(`token file ${path} is empty: it must hold a bearer token`);
    this.#cached = { path, token, readAt: this.#clock.now() };
    return token;
  }
}

/** Moves users that authenticate by token file from client-node's reader to ours. */
export function adoptTokenFiles(config: KubeConfig): void {
  if (!config.users.some((user) => user.authProvider?.config?.tokenFile)) return;
  config.users = config.users.map((user) => {
    const path = user.authProvider?.config?.tokenFile;
    return path ? { ...user, authProvider: { name: PROVIDER, config: { path } } } : user;
  });
}
