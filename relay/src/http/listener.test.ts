import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { StartupError } from '../errors.ts';
import { closeServer, createSdkServer, listen } from './listener.ts';

describe('the listener (contract 1.1)', () => {
  test('a head that does not end is answered with 408 and the connection closed', { timeout: 60_000 }, async () => {
    const server = createSdkServer(undefined, 65_536);
    const port = await listen(server, 0, 'test');
    try {
      const answer = await new Promise<string>((resolve, reject) => {
        let text = '';
        const socket = connect(port, '127.0.0.1', () => socket.write('GET /status HTTP/1.1\r\nHost: x\r\nX-Slow: '));
        socket.setEncoding('utf8').on('data', (chunk) => {
          text += chunk;
        });
        socket.on('close', () => resolve(text)).on('error', reject);
      });
      assert.match(answer, /^HTTP\/1\.1 408 Request Timeout\r\n/);
    } finally {
      await closeServer(server);
    }
  });

  test('a port in use is a start-up error that names the port and what wants it', async () => {
    const [first, second] = [createSdkServer(undefined, 65_536), createSdkServer(undefined, 65_536)];
    const port = await listen(first, 0, 'test');
    try {
      await assert.rejects(listen(second, port, 'SDK listener'), (error: Error) => {
        assert.ok(error instanceof StartupError);
        assert.equal(error.message, `cannot listen on port ${port} (SDK listener): it is in use`);
        return true;
      });
    } finally {
      await closeServer(first);
      await closeServer(second);
    }
  });
});
