import { accessSync, constants, readFileSync } from 'node:fs';
import type { RelayConfig } from './document.ts';
import type { Problems } from './problems.ts';

/**
 * Files without which the relay cannot start must be there and readable. Key files of environments and of AutoConfig,
 * data files and archives are not among them: they may come later, or are looked at by whoever reads them.
 */
export function checkFiles(config: RelayConfig, problems: Problems): void {
  const { tls } = config.server;
  const { proxy } = config.upstream;
  const { redis } = config.store;
  const needed: readonly (readonly [string, string | undefined])[] = [
    ['tlsCert', tls?.certFile],
    ['tlsKey', tls?.keyFile],
    ...(proxy?.caCertFiles ?? []).map((file) => ['proxy caCertFiles', file] as const),
    ['proxy credentialsFile', proxy?.credentialsFile],
    ['Redis urlFile', redis?.urlFile],
    ['Redis usernameFile', redis?.usernameFile],
    ['Redis passwordFile', redis?.passwordFile],
    ['Redis caFile', redis?.caFile],
    ['Redis certFile', redis?.certFile],
    ['Redis keyFile', redis?.keyFile],
  ];
  for (const [option, file] of needed) {
    if (file === undefined) continue;
    try {
      accessSync(file, constants.R_OK);
      // OpenSSL takes a file without certificates in silence, and then every connection fails.
      if (/ca(?:Cert)?Files?$/.test(option) && !readFileSync(file, 'utf8').includes('-----BEGIN'))
        problems.mistakes.push(`${option}: ${file} must hold PEM certificates`);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      problems.mistakes.push(`${option}: ${file} ${code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`}`);
    }
  }
}
