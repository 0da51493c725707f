import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';
import { eventually } from '../testing/eventually.ts';
import { RelayResponse } from './response.ts';
import { Turns } from './turns.ts';

let server: Server;
let port: number;
let turns: Turns;
let cut = 0;
const open: [IncomingMessage, ServerResponse][] = [];

beforeEach(async () => {
  cut = 0;
  open.length = 0;
  turns = new Turns(() => cut++);
  server = createServer({ ServerResponse: RelayResponse as unknown as typeof ServerResponse }) as Server;
  server.on(
    'request',
    turns.inTurn((request, response) => open.push([request, response])),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;

test('a request behind an open answer is handed on when that has ended', async () => {
  const socket = connect(port, '127.0.0.1');
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk.toString();
  });
  socket.write(get('/a') + get('/b') + get('/c'));
  await eventually(() => assert.equal(turns.waiting, 2));
  for (const path of ['/a', '/b', '/c']) {
    await eventually(() => assert.equal(open.at(-1)?.[0].url, path));
    const [, response] = open.at(-1)!;
    assert.notEqual(response.socket, null);
    assert.equal((response as RelayResponse).waited, path !== '/a');
    response.end(path);
  }
  await eventually(() => assert.deepEqual(received.match(/\/[abc]$|\/[abc](?=HTTP)/g), ['/a', '/b', '/c']));
  assert.equal(turns.waiting, 0);
  socket.destroy();
});

test('who sends too many at once is cut, and nothing of it is left', async () => {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(get('/').repeat(1_000));
  await eventually(() => assert.ok(socket.destroyed || socket.closed));
  assert.deepEqual([cut, open.length], [1, 1]);
  await eventually(() => assert.equal(turns.waiting, 0));
});

test('what waits is forgotten when its connection is closed', async () => {
  const socket = connect(port, '127.0.0.1');
  socket.write(get('/a') + get('/b'));
  await eventually(() => assert.equal(turns.waiting, 1));
  socket.destroy();
  await eventually(() => assert.equal(turns.waiting, 0));
  assert.equal(open.length, 1);
});

test('large requests are few that wait, and one may be as large as it likes', async () => {
  for (const request of [
    get(`/${'a'.repeat(8_000)}`),
    `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 8000\r\n\r\n${'b'.repeat(8_000)}`,
    `POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1f40\r\n${'b'.repeat(8_000)}\r\n0\r\n\r\n`,
  ]) {
    cut = 0;
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {}).resume();
    socket.write(get('/first') + request.repeat(5));
    await eventually(() => assert.equal(turns.waiting, 5));
    // The body of the last one is not counted yet.
    assert.ok(turns.waitingBytes > 4 * 8_000 && turns.waitingBytes < 6 * 12_000, String(turns.waitingBytes));
    socket.write(request.repeat(140));
    await eventually(() => assert.equal(cut, 1));
    await eventually(() => assert.deepEqual([turns.waiting, turns.waitingBytes], [0, 0]));
  }
});
