import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, test } from 'node:test';
import { eventually } from '../testing/eventually.ts';
import { type ConnectionBounds, guardConnections } from './connection-guard.ts';
import { countRequest, type WatchedSocket } from './watched-socket.ts';

const BOUNDS: ConnectionBounds = {
  maxConnections: 100,
  maxHeaderBytes: 100_000,
  headBytes: 200_000,
  reading: { unreadTimeoutMs: 300, minBytesPerSecond: 0, slackMs: 30_000, maxMs: 0 },
  checkMs: 20,
};
const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

async function start(bounds: Partial<ConnectionBounds>, answer: (server: Server) => void = () => {}) {
  const cuts: string[] = [];
  let refused = 0;
  const server = createServer({ maxHeaderSize: 100_000 }, (request, response) => {
    countRequest(request.socket);
    response.end(request.url === '/large' ? Buffer.alloc(30_000_000) : 'ok');
  });
  answer(server);
  const guard = guardConnections(
    server,
    false,
    { ...BOUNDS, ...bounds },
    { refused: () => refused++, cut: (reason) => cuts.push(reason) },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  ends.push(() => {
    guard.close();
    server.closeAllConnections();
    server.close();
  });
  const open = (text: string): Socket => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    ends.push(() => socket.destroy());
    socket.write(text);
    return socket;
  };
  return { guard, cuts, open, refused: () => refused };
}

test('who reads nothing of what waits is cut, who reads slowly is not', async () => {
  const { guard, cuts, open } = await start({});
  const slow = open('GET /large HTTP/1.1\r\nHost: x\r\n\r\n');
  let bytes = 0;
  slow.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    slow.pause();
    setTimeout(() => slow.resume(), 5);
  });
  const stuck = open('GET /large HTTP/1.1\r\nHost: x\r\n\r\n');
  stuck.pause();
  await eventually(() => assert.deepEqual(cuts, ['unread']), 20_000);
  assert.equal(guard.size, 1);
  const before = bytes;
  await eventually(() => assert.ok(bytes > before));
});

test('heads that do not end are cut when all together are too large, the oldest first; others are answered', async () => {
  const { cuts, open, guard } = await start({});
  const idle = open('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  let answers = 0;
  idle.on('data', () => {
    answers += 1;
  });
  await eventually(() => assert.equal(answers, 1));
  const heads = Array.from({ length: 4 }, () => open(`GET /${'a'.repeat(80_000)}`));
  await eventually(() => assert.deepEqual(cuts, ['heads', 'heads']));
  await eventually(() => assert.equal(heads.filter(({ closed }) => closed).length, 2));
  assert.equal(guard.size, 3);
  idle.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await eventually(() => assert.equal(answers, 2));
});

test('above the limit the oldest idle connection gives way', async () => {
  const { open, cuts, refused, guard } = await start({ maxConnections: 2 });
  const closed = (sockets: Socket[]) => sockets.map((socket) => socket.closed);
  const [first, second, third, fourth] = [open(''), open(''), open(''), open('')] as const;
  await eventually(() => assert.deepEqual(closed([first, second, third, fourth]), [true, true, false, false]));
  assert.deepEqual([refused(), guard.size, cuts], [0, 2, ['full', 'full']]);
});

test('who showed a secret key, is being answered or has sent the whole request keeps the connection: then the new one is refused', async () => {
  const { open, refused, cuts } = await start({ maxConnections: 3 }, (server) => {
    server.removeAllListeners('request');
    server.on('request', (request, response) => {
      if (request.url !== '/secret') return; // answered later
      (request.socket as WatchedSocket).knowsSecret = true;
      response.end('ok');
    });
  });
  const secret = open('GET /secret HTTP/1.1\r\nHost: x\r\n\r\n');
  let answered = false;
  secret.on('data', () => {
    answered = true;
  });
  await eventually(() => assert.ok(answered));
  const pending = open('GET /pending HTTP/1.1\r\nHost: x\r\n\r\n');
  const slow = open('POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345');
  await eventually(() => assert.equal(slow.connecting, false));
  const newcomer = open('GET /pending HTTP/1.1\r\nHost: x\r\n\r\n');
  await eventually(() => assert.ok(slow.closed));
  assert.deepEqual([secret.closed, pending.closed, newcomer.closed, cuts], [false, false, false, ['full']]);
  const refusedOne = open('');
  await eventually(() => assert.ok(refusedOne.closed));
  assert.deepEqual([secret.closed, pending.closed, newcomer.closed, refused()], [false, false, false, 1]);
});
