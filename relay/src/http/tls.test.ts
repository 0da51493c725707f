import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { StartupError } from '../errors.ts';
import { createTestCa, type TestCa } from '../testing/certificates.ts';
import { ask } from '../testing/client.ts';
import { eventually } from '../testing/eventually.ts';
import { KEYS, simpleFlag, startTestRelay, type TestRelay, untilReady } from '../testing/relay.ts';

describe('TLS (contract 4.2 tlsEnabled)', () => {
  let ca: TestCa;
  let relay: TestRelay;
  before(async () => {
    ca = createTestCa();
    const { certFile, keyFile } = ca.server;
    relay = await startTestRelay({ server: { tls: { certFile, keyFile, minVersion: '1.3' } } });
    await untilReady(relay);
  });
  after(async () => {
    await relay.close();
    ca[Symbol.dispose]();
  });

  const dial = (options: ConnectionOptions = {}): Promise<TLSSocket> =>
    new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port: relay.port, ca: ca.ca, ...options }, () => resolve(socket));
      socket.on('error', reject);
    });
  const talk = async (request: string) => {
    const socket = await dial();
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    socket.write(request);
    return { socket, text: () => text };
  };

  test('requests, and streams on taken sockets', async () => {
    const { socket, text } = await talk(`GET /sdk/flags HTTP/1.1\r\nHost: x\r\nAuthorization: ${KEYS.sdk}\r\n\r\n`);
    await eventually(() => assert.match(text(), /^HTTP\/1.1 200 OK[\s\S]*"one"/));
    socket.write(`GET /all HTTP/1.1\r\nHost: x\r\nAuthorization: ${KEYS.sdk}\r\n\r\n`);
    await eventually(() => assert.match(text(), /event: put/));
    relay.upstream.patchFlag(KEYS.sdk, simpleFlag('one', 2));
    await eventually(() => assert.match(text(), /event: patch/));
    assert.equal(relay.relay.streams(), 1);
    socket.destroy();
    await eventually(() => assert.equal(relay.relay.streams(), 0));
  });

  test('older versions than the minimum are refused, plain HTTP is not answered', async () => {
    await assert.rejects(dial({ maxVersion: 'TLSv1.2' }));
    await assert.rejects(ask(relay.port, '/status'));
  });

  test('a certificate that cannot be used is a start-up error that names the files', async () => {
    const tls = { certFile: ca.caFile, keyFile: '/nosuch/key.pem', minVersion: '1.2' as const };
    await assert.rejects(startTestRelay({ server: { tls } }), (error: Error) => {
      assert.ok(error instanceof StartupError);
      assert.match(error.message, /\/nosuch\/key\.pem/);
      return true;
    });
  });
});
