import assert from 'node:assert/strict';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createConnection } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { PING } from '../dialects/launchdarkly/outlet/ping.ts';
import type { StreamConnection } from '../streams/connection.ts';
import { ask, openStream } from '../testing/client.ts';
import { eventually } from '../testing/eventually.ts';
import { createSdkServer } from './listener.ts';
import { streamOnResponse, streamOnSocket } from './stream-connection.ts';
import { canTakeSocket, createTakeover } from './takeover.ts';

describe('sockets taken over from node:http', () => {
  let server: Server;
  let port = 0;
  const connections: StreamConnection[] = [];
  let closed = 0;
  let taken = 0;

  before(async () => {
    server = createSdkServer(undefined, 65_536);
    const takeover = createTakeover(server);
    server.on('upgrade', () => taken++);
    server.on('request', (request, response) => {
      if (request.url !== '/stream') {
        response.end('plain');
        return;
      }
      const use = (connection: StreamConnection) => {
        connection.onClose(() => closed++);
        connection.write(PING);
        connections.push(connection);
      };
      const headers = ['Content-Type', 'text/event-stream'];
      if (canTakeSocket(request, response))
        takeover(request, response, (socket) => streamOnSocket(socket, headers, use));
      else use(streamOnResponse(response, headers));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  test('the client sees an ordinary chunked answer, and events as they are written', async () => {
    const stream = await openStream(port, '/stream');
    assert.equal(stream.status, 200);
    assert.equal(stream.headers['content-type'], 'text/event-stream');
    assert.equal(stream.headers['transfer-encoding'], 'chunked');
    assert.equal(taken, 1);
    await stream.until(() => stream.events().length === 1);
    connections.at(-1)!.write(PING);
    await stream.until(() => stream.events().length === 2);
    assert.equal(stream.text(), 'event: ping\ndata:  \n\nevent: ping\ndata:  \n\n');
    stream.close();
    await eventually(() => assert.equal(closed, 1));
  });

  test('an end from our side is a complete answer to the client', async () => {
    const stream = await openStream(port, '/stream');
    await stream.until(() => stream.events().length === 1);
    connections.at(-1)!.end(1000);
    await stream.until(() => stream.closed());
    await eventually(() => assert.equal(closed, 2));
  });

  test('a stream after another request on the same connection', async () => {
    const socket = createConnection(port, '127.0.0.1');
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    socket.write('GET /plain HTTP/1.1\r\nHost: x\r\n\r\n');
    await eventually(() => assert.match(text, /plain$/));
    socket.write('GET /stream HTTP/1.1\r\nHost: x\r\n\r\n');
    await eventually(() => assert.match(text, /event: ping\ndata: {2}\n\n/));
    socket.destroy();
    await eventually(() => assert.equal(closed, 3));
  });

  test('a request that is pipelined behind a stream does no harm', async () => {
    for (const second of [
      'GET /plain HTTP/1.1\r\nHost: x\r\n\r\n',
      'GET /plain HTTP/1.1\r\n\r\n',
      'junk\r\n\r\n',
      'GET',
    ]) {
      const socket = createConnection(port, '127.0.0.1');
      socket.on('error', () => {});
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk.toString();
      });
      socket.write(`GET /stream HTTP/1.1\r\nHost: x\r\n\r\n${second}`);
      await eventually(() => assert.ok(socket.closed || text.includes('event: ping')));
      socket.destroy();
      assert.equal((await ask(port, '/plain')).text, 'plain');
    }
  });

  test('a head that comes in pieces is taken over or not, and answered either way', async () => {
    const head = 'GET /stream HTTP/1.1\r\nHost: x\r\n\r\n';
    for (const cut of [3, 20, head.length - 3, head.length - 1]) {
      const socket = createConnection(port, '127.0.0.1').setNoDelay(true);
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk.toString();
      });
      socket.write(head.slice(0, cut));
      await new Promise((resolve) => setTimeout(resolve, 20));
      socket.write(head.slice(cut));
      await eventually(() => assert.match(text, /event: ping/));
      socket.destroy();
    }
  });

  test('HTTP/1.0 clients and requests with a body stay on their response', async () => {
    const stream = await openStream(port, '/stream', { method: 'REPORT', body: '{}' });
    await stream.until(() => stream.events().length === 1);
    stream.close();
    const socket = createConnection(port, '127.0.0.1');
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    socket.write('GET /stream HTTP/1.0\r\n\r\n');
    await eventually(() => assert.match(text, /\r\n\r\nevent: ping\ndata: {2}\n\n$/));
    assert.doesNotMatch(text, /chunked/i);
    socket.destroy();
  });

  test('a client that asks for an upgrade gets an ordinary answer', async () => {
    const answer = await ask(port, '/plain', { headers: { Connection: 'Upgrade', Upgrade: 'h2c' } });
    assert.equal(answer.text, 'plain');
  });
});
