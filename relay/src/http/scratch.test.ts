import assert from 'node:assert/strict';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { test } from 'node:test';
import { ask } from '../testing/client.ts';
import { eventually } from '../testing/eventually.ts';
import { sendAsciiJson } from './reply.ts';
import { RelayResponse } from './response.ts';
import { giveScratchBack, takeScratch } from './scratch.ts';

test('a buffer that was given back serves the next answer that fits', () => {
  const first = takeScratch(100_000);
  giveScratchBack(first);
  const second = takeScratch(90_000);
  assert.equal(second.buffer, first.buffer);
  assert.equal(second.length, 90_000);
  assert.notEqual(takeScratch(90_000).buffer, first.buffer);
});

test('small and very large ones are not kept', () => {
  for (const length of [1000, 8 * 1024 * 1024]) {
    const buffer = takeScratch(length);
    giveScratchBack(buffer);
    assert.notEqual(takeScratch(length).buffer, buffer.buffer);
  }
});

test('no answer has bytes of another, whether its client reads or not', async () => {
  const server = createServer(
    { ServerResponse: RelayResponse as unknown as typeof ServerResponse },
    (request, response) => {
      const letter = request.url!.slice(1, 2);
      // Large enough that clients who do not read leave most of it in this process.
      sendAsciiJson(
        response,
        Array.from({ length: 60 }, () => letter.repeat(50_000)),
        [],
      );
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const slow = [...'ABCDEFGH'].map((letter) => {
    const socket = connect(port, '127.0.0.1');
    socket.pause();
    socket.write(`GET /${letter} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    return { letter, socket };
  });
  try {
    const letters = [...'abcdefghijklmnopqrstuvwxyz'];
    for (let round = 0; round < 3; round++) {
      const answers = await Promise.all(letters.map((letter) => ask(port, `/${letter}`)));
      for (const [index, { text }] of answers.entries()) assert.ok(text === letters[index]!.repeat(3_000_000));
    }
    for (const { letter, socket } of slow) {
      const chunks: Buffer[] = [];
      let ended = false;
      socket
        .on('data', (chunk: Buffer) => chunks.push(chunk))
        .on('end', () => {
          ended = true;
        });
      socket.resume();
      await eventually(() => assert.ok(ended));
      const text = Buffer.concat(chunks).toString('latin1');
      assert.ok(text.slice(text.indexOf('\r\n\r\n') + 4) === letter.repeat(3_000_000), letter);
    }
  } finally {
    for (const { socket } of slow) socket.destroy();
    server.closeAllConnections();
    server.close();
  }
});
