import { existsSync } from 'node:fs';
import type { RelayConfig } from '../config/document.ts';
import type { Absences, Input } from '../files/absences.ts';
import { type FileWatch, watchFiles } from '../files/watch.ts';

/**
 * Files with credentials and certificates that the configuration names, but for those of environments, of which each says
 * itself whether it has its key. They come from Secrets that may not be there, so that a pod can start without most of them.
 */
function credentialFiles({ autoConfig, store, upstream, server, offline }: Files): ReadonlyMap<Input, string[]> {
  const { redis } = store;
  const files = new Map<Input, string[]>();
  const name = (input: Input, ...paths: (string | undefined)[]): void => {
    const named = paths.filter((path) => path !== undefined);
    if (named.length > 0) files.set(input, named);
  };
  name('archive', offline?.archiveFile);
  name('autoConfigKey', autoConfig?.keyFile);
  name('proxyCredentials', upstream.proxy?.credentialsFile);
  name('redisCredentials', redis?.urlFile, redis?.usernameFile, redis?.passwordFile, redis?.caFile);
  name('tlsCertificate', server.tls?.certFile, server.tls?.keyFile);
  return files;
}

type Files = Pick<RelayConfig, 'autoConfig' | 'store' | 'upstream' | 'server' | 'offline'>;

/**
 * Tells which files of the configuration are not there, now and whenever one comes or goes: also those that were never there,
 * so that whoever reads them has not noticed that they are gone.
 */
export function followMissingFiles(config: Files, absences: Pick<Absences, 'missing'>, pollMs?: number): FileWatch {
  const files = credentialFiles(config);
  const look = (): void => {
    for (const [input, paths] of files) {
      absences.missing(
        input,
        paths.filter((path) => !existsSync(path)),
      );
    }
  };
  look();
  return watchFiles([...files.values()].flat(), look, pollMs);
}
