import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { connect } from 'node:tls';
import { createTestCa, type TestCa } from '../testing/certificates.ts';
import { eventually } from '../testing/eventually.ts';
import { SILENT } from '../testing/relay.ts';
import { type ListenerTls, renewCertificate } from './certificate.ts';
import { closeServer, createSdkServer, listen } from './listener.ts';

describe('renewal of the TLS certificate (contract 4.2 tlsCert, tlsKey)', () => {
  let ca: TestCa;
  let tls: ListenerTls;
  before(() => {
    ca = createTestCa();
    tls = { certFile: join(ca.directory, 'used.crt'), keyFile: join(ca.directory, 'used.key'), minVersion: '1.2' };
  });
  after(() => ca[Symbol.dispose]());

  /** Common name of the certificate that a new connection is shown. */
  const shown = async (port: number, maxVersion?: 'TLSv1.1'): Promise<string | undefined> => {
    const socket = connect({ host: '127.0.0.1', port, ca: ca.ca, ...(maxVersion ? { maxVersion } : {}) });
    try {
      await once(socket, 'secureConnect', { signal: AbortSignal.timeout(5_000) });
      return socket.getPeerCertificate().subject.CN as string;
    } finally {
      socket.destroy();
    }
  };

  test('new connections get the new one; one without its key changes nothing; the lowest version stays', async () => {
    const errors: unknown[] = [];
    const absences: (string | undefined)[] = [];
    const logger = { ...SILENT, error: (_: string, fields?: { error?: unknown }) => errors.push(fields?.error) };
    copyFileSync(ca.server.certFile, tls.certFile);
    copyFileSync(ca.server.keyFile, tls.keyFile);
    const server = createSdkServer(tls);
    const renewal = renewCertificate(server, tls, logger, {
      pollMs: 20,
      onAbsent: (problem) => absences.push(problem),
    });
    try {
      const port = await listen(server, 0, 'test');
      assert.equal(await shown(port), 'server');

      const renewed = ca.issueServer('renewed');
      renameSync(renewed.certFile, tls.certFile);
      await eventually(() => assert.equal(errors.length, 1));
      assert.match(String(errors[0]), /used\.crt with the key .*used\.key/);
      assert.equal(await shown(port), 'server');

      renameSync(renewed.keyFile, tls.keyFile);
      await eventually(async () => assert.equal(await shown(port), 'renewed'));
      await assert.rejects(shown(port, 'TLSv1.1'));

      writeFileSync(renewed.certFile, 'not a certificate');
      renameSync(renewed.certFile, tls.certFile);
      await eventually(() => assert.equal(errors.length, 2));
      assert.equal(await shown(port), 'renewed');

      rmSync(tls.certFile);
      await eventually(() => assert.match(absences.at(-1) ?? '', /ENOENT/));
      assert.equal(await shown(port), 'renewed');
      copyFileSync(ca.server.certFile, tls.certFile);
      copyFileSync(ca.server.keyFile, tls.keyFile);
      await eventually(() => assert.equal(absences.at(-1), undefined));
    } finally {
      renewal.close();
      await closeServer(server);
    }
  });
});
