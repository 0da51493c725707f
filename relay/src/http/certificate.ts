import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { createSecureContext, type SecureContextOptions, type Server as TlsServer } from 'node:tls';
import { StartupError } from '../errors.ts';
import { type FileWatch, watchFiles } from '../files/watch.ts';
import type { Logger } from '../telemetry/logger.ts';

/** TLS of a listener (contract 4.2). */
export interface ListenerTls {
  readonly certFile: string;
  readonly keyFile: string;
  readonly minVersion: '1.0' | '1.1' | '1.2' | '1.3';
}

/** What a TLS server needs to be created, or to be given a renewed certificate. */
export type Certificate = Pick<SecureContextOptions, 'cert' | 'key' | 'minVersion'>;

/**
 * Reads the certificate and its key as they are now.
 * @throws {StartupError} when one cannot be read, or they do not belong together
 */
export function readCertificate({ certFile, keyFile, minVersion }: ListenerTls): Certificate {
  try {
    const certificate: Certificate = {
      cert: readFileSync(certFile, 'utf8'),
      key: readFileSync(keyFile, 'utf8'),
      minVersion: minVersion === '1.0' ? 'TLSv1' : `TLSv${minVersion}`,
    };
    createSecureContext(certificate);
    return certificate;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartupError(`cannot use the TLS certificate ${certFile} with the key ${keyFile}: ${reason}`, {
      cause: error,
    });
  }
}

/** Options of {@link renewCertificate}. */
export interface RenewalOptions {
  /** Called at each look with why the files cannot be used; undefined while they can be. */
  readonly onAbsent?: (problem: string | undefined) => void;
  /** How often to look when the file system is silent, in ms. */
  readonly pollMs?: number;
}

/**
 * Gives the server a renewed certificate soon after its files changed. Connections that are open stay as they are. Files
 * that cannot be used, such as a new certificate whose key is not there yet, leave the old one in place.
 */
export function renewCertificate(
  server: Server,
  tls: ListenerTls,
  logger: Logger,
  options: RenewalOptions = {},
): FileWatch {
  let current = readCertificate(tls);
  let problem: string | undefined;
  const check = (): void => {
    try {
      const next = readCertificate(tls);
      problem = undefined;
      options.onAbsent?.(undefined);
      if (next.cert === current.cert && next.key === current.key) return;
      current = next;
      (server as unknown as TlsServer).setSecureContext(next);
      logger.info('the TLS certificate was renewed', { certFile: tls.certFile });
    } catch (error) {
      const reason = (error as Error).message;
      // Told once, not at every look.
      if (reason !== problem) logger.error('the old TLS certificate stays in use', { error: reason });
      problem = reason;
      options.onAbsent?.(reason);
    }
  };
  return watchFiles([tls.certFile, tls.keyFile], check, options.pollMs);
}
