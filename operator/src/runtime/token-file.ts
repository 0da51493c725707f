import type { RequestOptions } from 'node:https';
import { type Clock, systemClock } from '@flagrelay/kube/clock';
import { createTokenFile, type TokenFile } from '@flagrelay/kube/token-file';
import type { KubeConfig, User } from '@kubernetes/client-node';

/** client-node does not export its interface of this name. */
type Authenticator = Parameters<KubeConfig['addAuthenticator']>[0];

/** Name that keeps client-node's own token reader, which cannot be told to read again, away from our users. */
const PROVIDER = 'rereadable-token-file';

/** Authenticates client-node's requests by a service-account token, which is read again each minute and at once after `forget`. */
export class TokenFileAuth implements Authenticator {
  readonly #file: TokenFile;

  constructor(clock: Clock = systemClock) {
    this.#file = createTokenFile(clock);
  }

  isAuthProvider(user: User): boolean {
    return user.authProvider?.name === PROVIDER;
  }

  /** Sets the Authorization header. Throws when the file cannot be read. */
  async applyAuthentication(user: User, options: Pick<RequestOptions, 'headers'>): Promise<void> {
    const token = await this.#file.read(user.authProvider.config.path);
    options.headers = { ...(options.headers as Record<string, string>), Authorization: `Bearer ${token}` };
  }

  /** The next request reads the file again. */
  forget(): void {
    this.#file.forget();
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
