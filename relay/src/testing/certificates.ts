import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A certificate with its key, as PEM text and as files. */
export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
  readonly certFile: string;
  readonly keyFile: string;
}

/** A throw-away CA with certificates for loopback, made by the `openssl` program. Dispose it to remove the files. */
export interface TestCa extends Disposable {
  readonly directory: string;
  /** PEM text of the CA's certificate. */
  readonly ca: string;
  readonly caFile: string;
  /** Serving certificate for localhost, 127.0.0.1 and ::1. */
  readonly server: TestCertificate;
  /** Client certificate with the common name `client`. */
  readonly client: TestCertificate;
  /** Issues another serving certificate for the same names. */
  issueServer(name: string): TestCertificate;
}

/** Makes a {@link TestCa}. Throws when `openssl` fails. */
export function createTestCa(): TestCa {
  const directory = mkdtempSync(join(tmpdir(), 'flagrelay-ca-'));
  const file = (name: string): string => join(directory, name);
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: directory, stdio: ['ignore', 'ignore', 'pipe'], timeout: 30_000 });
  };
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...newKey,
    '-subj',
    '/CN=flagrelay test CA',
    '-days',
    '2',
    '-keyout',
    'ca.key',
    '-out',
    'ca.crt',
  );

  const issue = (name: string, extensions: string): TestCertificate => {
    writeFileSync(file(`${name}.ext`), extensions);
    openssl('req', ...newKey, '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`);
    const signed = ['-req', '-in', `${name}.csr`, '-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2'];
    openssl('x509', ...signed, '-extfile', `${name}.ext`, '-out', `${name}.crt`);
    const certFile = file(`${name}.crt`);
    const keyFile = file(`${name}.key`);
    return { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8'), certFile, keyFile };
  };
  const issueServer = (name: string) => issue(name, 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1\n');
  const server = issueServer('server');
  const client = issue('client', 'extendedKeyUsage=clientAuth\n');
  return {
    directory,
    ca: readFileSync(file('ca.crt'), 'utf8'),
    caFile: file('ca.crt'),
    server,
    client,
    issueServer,
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  };
}
