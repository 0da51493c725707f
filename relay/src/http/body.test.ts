import assert from 'node:assert/strict';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { FairBytes } from '../memory/fair-bytes.ts';
import { GrowingBuffer } from '../memory/growing-buffer.ts';
import { ask } from '../testing/client.ts';
import { BodyError, BodyReader, HeldBody } from './body.ts';

describe('request bodies', () => {
  /** Of which one alone has three quarters. */
  const budget = new FairBytes(1200);
  const taker = { owner: {}, isPublic: false };
  const reader = new BodyReader(budget);
  const server = createServer((request, response) => {
    reader.read(request, request.url === '/large' ? 900 : 10, taker, request.url === '/large' ? 60_000 : 50).then(
      (body) => {
        response.end(body.bytes);
        body.release();
      },
      (error: unknown) => {
        assert.ok(error instanceof BodyError);
        reasons.push(error.reason);
        response.writeHead(400, { Connection: 'close' }).end(error.reason);
      },
    );
  });
  const reasons: string[] = [];
  let port: number;
  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  /** A request that goes on as `write` says. */
  const send = (write: (request: ReturnType<typeof httpRequest>) => void, path = '/'): Promise<string> =>
    new Promise((resolve, reject) => {
      const request = httpRequest({ port, path, method: 'POST', agent: false }, (answer) => {
        answer.setEncoding('utf8').on('data', resolve);
      });
      request.on('error', reject);
      write(request);
    });

  test('are read whole, with and without a length; none is empty', async () => {
    assert.equal((await ask(port, '/', { method: 'POST', body: '0123456789' })).text, '0123456789');
    assert.equal((await ask(port, '/')).text, '');
    const chunked = await send((request) => {
      request.write('01234');
      request.end('56789');
    });
    assert.equal(chunked, '0123456789');
  });

  test('above the limit they are refused: by their length, or once the limit is passed', async () => {
    assert.equal((await ask(port, '/', { method: 'POST', body: '0123456789x' })).text, 'too-large');
    const chunked = await send((request) => {
      request.write('0123456789');
      request.write('x');
    });
    assert.equal(chunked, 'too-large');
  });

  test('that do not end are given up after the timeout', async () => {
    assert.equal(await send((request) => request.write('01')), 'too-slow');
  });

  test('that find no room are refused, and find it again afterwards', async () => {
    const first = Promise.withResolvers<ReturnType<typeof httpRequest>>();
    const waiting = send((request) => request.write('x'.repeat(800), () => first.resolve(request)), '/large');
    const request = await first.promise;
    while (budget.used < 800) await new Promise((resolve) => setImmediate(resolve));
    const body = 'y'.repeat(500);
    assert.equal((await ask(port, '/large', { method: 'POST', body })).text, 'busy');
    request.end();
    assert.equal(await waiting, 'x'.repeat(800));
    assert.equal((await ask(port, '/large', { method: 'POST', body })).text, body);
    assert.equal(budget.used, 0);
  });

  test('that come slowly make room for others', async (context) => {
    const first = Promise.withResolvers<void>();
    const slow = send((request) => request.write('x'.repeat(800), () => first.resolve()), '/large');
    await first.promise;
    while (budget.used < 800) await new Promise((resolve) => setImmediate(resolve));
    const now = performance.now() + 60_000;
    context.mock.method(performance, 'now', () => now);
    const body = 'y'.repeat(500);
    assert.equal((await ask(port, '/large', { method: 'POST', body })).text, body);
    assert.equal(await slow, 'too-slow');
    assert.equal(budget.used, 0);
  });

  test('that stopped make room for others only if those take no more, and for secret keys only if they came with one', async (context) => {
    const first = Promise.withResolvers<void>();
    const stopped = send((request) => request.write('x'.repeat(400), () => first.resolve()), '/large');
    await first.promise;
    while (budget.used < 400) await new Promise((resolve) => setImmediate(resolve));
    const now = performance.now();
    context.mock.method(performance, 'now', () => now + 2_100);
    const [greedy, open, late] = [false, true, false].map((isPublic) => reader.roomOf({ owner: {}, isPublic }));
    assert.equal(greedy!.take(500), true);
    assert.equal(greedy!.take(150), false);
    assert.equal(open!.take(350), false);
    assert.equal(late!.take(250), true);
    assert.equal(await stopped, 'too-slow');
    greedy!.give(500);
    late!.give(250);
    assert.equal(budget.used, 0);
  });

  test('that stopped make room for others, and for what is made of these, however much they sent at first', async (context) => {
    const first = Promise.withResolvers<void>();
    const stopped = send((request) => request.write('x'.repeat(800), () => first.resolve()), '/large');
    await first.promise;
    while (budget.used < 800) await new Promise((resolve) => setImmediate(resolve));
    const now = performance.now();
    context.mock.method(performance, 'now', () => now);
    assert.equal(reader.roomOf(taker).take(500), false);
    context.mock.method(performance, 'now', () => now + 2_100);
    assert.equal(reader.roomOf(taker).take(500), true);
    assert.equal(await stopped, 'too-slow');
    assert.equal(budget.used, 500);
    reader.roomOf(taker).give(500);
  });

  test('for which there could never be room are too large', async () => {
    const room = reader.roomOf(taker);
    const held = new GrowingBuffer(1000, room);
    held.append(Buffer.alloc(600));
    const body = new HeldBody(held, room);
    for (const [bytes, reason] of [
      [301, 'too-large'],
      [300, undefined],
    ] as const) {
      if (reason === undefined) body.reserve(bytes);
      else assert.throws(() => body.reserve(bytes), { reason });
    }
    body.release();
    body.release();
    assert.equal(budget.used, 0);
  });

  test('of clients that go away are given up at once', async () => {
    const before = reasons.length;
    await assert.rejects(
      send((request) => {
        request.write('01', () => request.destroy(new Error('gone')));
      }),
      /gone/,
    );
    while (reasons.length === before) await new Promise((resolve) => setImmediate(resolve));
    assert.ok(['aborted', 'too-slow'].includes(reasons.at(-1)!));
  });
});
