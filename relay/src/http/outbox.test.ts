import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { answerClientErrors } from './client-error.ts';
import { endSoon } from './outbox.ts';

async function served(server: Server, sent: string): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.end(sent);
  const received = await text(socket);
  server.close();
  return received;
}

test('answers of one turn end at its end, in the order of their requests', async () => {
  const responses: ServerResponse[] = [];
  const endedAtOnce: boolean[] = [];
  const server = createServer((request, response) => {
    responses.push(response);
    response.writeHead(200, ['Content-Length', '2']);
    endSoon(response, request.url);
    endedAtOnce.push(response.writableEnded);
  });
  const received = await served(
    server,
    'GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
  );
  // The second may come after the wait is over.
  assert.equal(endedAtOnce[0], false);
  assert.equal(endedAtOnce.length, 2);
  assert.ok(responses.every((response) => response.writableEnded));
  assert.match(received, /\r\n\r\n\/aHTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\n\/b$/);
});

test('an answer is not lost when something malformed follows its request', async () => {
  const server = createServer((_request, response) => {
    response.writeHead(200, ['Content-Length', '2']);
    endSoon(response, 'ok');
  });
  answerClientErrors(server);
  const received = await served(server, 'GET /a HTTP/1.1\r\nHost: x\r\n\r\nnonsense\r\n\r\n');
  assert.match(received, /^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\nok/);
});
