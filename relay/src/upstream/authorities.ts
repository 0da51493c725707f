import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { getCACertificates } from 'node:tls';

type Env = Readonly<Record<string, string | undefined>>;

/** Where Linux systems keep all authorities in one file; the first that is there counts, as in Go. */
const BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/tls/cacert.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
];
/** Where they keep them in single files. */
const FOLDERS = ['/etc/ssl/certs', '/etc/pki/tls/certs'];
/** Larger files hold something else. */
const MAX_FILE_BYTES = 8 * 2 ** 20;
/** No more than this is read of all files together. */
const MAX_TOTAL_BYTES = 64 * 2 ** 20;
const MAX_FILES = 5_000;

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** True when the environment names authorities of its own. */
export function namesAuthorities(env: Env): boolean {
  return Boolean(env.SSL_CERT_FILE || env.SSL_CERT_DIR);
}

/**
 * The PEM texts of all authorities that count without configuration: Node's own with `NODE_EXTRA_CA_CERTS`, and the system's as Go
 * finds them. `SSL_CERT_FILE` names a bundle and `SSL_CERT_DIR` folders (with colons between), whatever the files in them are called;
 * each stands in place of the usual ones. What cannot be read, and what is no certificate, is passed over: it trusts nobody.
 */
export function knownAuthorities(env: Env): string[] {
  const known = new Set(getCACertificates('default'));
  if (process.platform !== 'linux') for (const one of getCACertificates('system')) known.add(one);
  for (const one of systemAuthorities(env)) known.add(one);
  return [...known];
}

function systemAuthorities(env: Env): Set<string> {
  const found = new Set<string>();
  let left = MAX_TOTAL_BYTES;
  /** False when there is no such file. */
  const take = (file: string): boolean => {
    try {
      const { size } = statSync(file);
      if (size > Math.min(MAX_FILE_BYTES, left)) return true;
      left -= size;
      for (const [pem] of readFileSync(file, 'latin1').matchAll(CERTIFICATE)) found.add(`${pem}\n`);
      return true;
    } catch {
      return false;
    }
  };
  if (env.SSL_CERT_FILE) take(env.SSL_CERT_FILE);
  else BUNDLES.some(take);
  let files = MAX_FILES;
  for (const folder of env.SSL_CERT_DIR ? env.SSL_CERT_DIR.split(':') : FOLDERS) {
    for (const name of namesIn(folder).slice(0, files)) {
      files -= 1;
      take(join(folder, name));
    }
  }
  for (const pem of found) if (!isCertificate(pem)) found.delete(pem);
  return found;
}

function namesIn(folder: string): string[] {
  try {
    return folder === '' ? [] : readdirSync(folder);
  } catch {
    return [];
  }
}

function isCertificate(pem: string): boolean {
  try {
    new X509Certificate(pem);
    return true;
  } catch {
    return false;
  }
}
