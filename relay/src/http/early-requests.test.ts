import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { test } from 'node:test';
import { ask } from '../testing/client.ts';
import { eventually } from '../testing/eventually.ts';

import { EarlyRequests } from './early-requests.ts';

/** A server whose requests go by way of an {@link EarlyRequests}; it answers each with its path. */
async function setUp(state: { settled: boolean }, holdMs: number) {
  const early = new EarlyRequests({ settled: () => state.settled, holdMs, ownPaths: ['/status'] });
  const answered: string[] = [];
  const server = createServer(
    early.held((request: IncomingMessage, response: ServerResponse) => {
      answered.push(request.url ?? '');
      response.end(request.url);
    }),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    early,
    answered,
    port: (server.address() as AddressInfo).port,
    waiting: (count: number) => eventually(() => assert.equal(early.size, count)),
    async [Symbol.asyncDispose]() {
      early.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test('a request that comes before there are data is answered when there are', async () => {
  const state = { settled: false };
  await using t = await setUp(state, 60_000);
  const first = ask(t.port, '/all');
  await t.waiting(1);
  t.early.changed();
  assert.deepEqual(t.answered, []);
  state.settled = true;
  t.early.changed();
  assert.equal((await first).text, '/all');
  assert.equal((await ask(t.port, '/later')).text, '/later');
});

test('what is asked of the relay itself never waits', async () => {
  await using t = await setUp({ settled: false }, 60_000);
  assert.equal((await ask(t.port, '/status')).text, '/status');
});

test('nothing waits where everything was settled before the first request', async () => {
  await using t = await setUp({ settled: true }, 60_000);
  assert.equal((await ask(t.port, '/all')).text, '/all');
});

test('nothing waits for longer than the time that is set', async () => {
  await using t = await setUp({ settled: false }, 1);
  assert.equal((await ask(t.port, '/all')).text, '/all');
});

test('a client that leaves is forgotten', async () => {
  const state = { settled: false };
  await using t = await setUp(state, 60_000);
  const socket = connect(t.port, '127.0.0.1');
  socket.write('GET /gone HTTP/1.1\r\nHost: x\r\n\r\n');
  await t.waiting(1);
  socket.destroy();
  await t.waiting(0);
  state.settled = true;
  t.early.changed();
  assert.equal((await ask(t.port, '/next')).text, '/next');
  assert.deepEqual(t.answered, ['/next']);
});
