import { existsSync } from 'node:fs';
import type { RelayConfig } from '../config/document.ts';
import { watchFiles } from '../files/watch.ts';

/**
 * Files with credentials and certificates that the configuration names, but for those of environments, of which each says
 * itself whether it has its key. They come from Secrets that may not be there, so that a pod can start without most of them.
 */
export function credentialFiles({ autoConfig, store, upstream, server, offline }: RelayConfig): string[] {
  const { redis } = store;
  return [
    autoConfig?.keyFile,
    ...[redis?.urlFile, redis?.usernameFile, redis?.passwordFile, redis?.caFile],
    upstream.proxy?.credentialsFile,
    ...[server.tls?.certFile, server.tls?.keyFile],
    offline?.archiveFile,
  ].filter((path) => path !== undefined);
}

/** Which of some files are not there. */
export interface MissingFiles {
  /** In the order in which they were named. */
  list(): readonly string[];
  close(): void;
}

/** Follows files that may come and go; `changed` is called when one did. */
export function followMissingFiles(paths: readonly string[], changed: () => void, pollMs?: number): MissingFiles {
  const look = () => paths.filter((path) => !existsSync(path));
  let missing = look();
  const watch = watchFiles(
    paths,
    () => {
      const now = look();
      if (now.join('\n') === missing.join('\n')) return;
      missing = now;
      changed();
    },
    pollMs,
  );
  return { list: () => missing, close: () => watch.close() };
}
