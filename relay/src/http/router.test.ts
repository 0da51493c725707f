import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { ask } from '../testing/client.ts';
import { sendNotFound, sendText } from './reply.ts';
import { createRouter, type Handler } from './router.ts';

describe('router (contract 1.1)', () => {
  let port = 0;
  const echo: Handler = (_request, response, { route, params }) =>
    sendText(response, 200, `${route.path} ${params.join('|')}`);
  const route = (method: string, path: string) => ({ method, path, name: path, handler: echo });
  const router = createRouter(
    [
      route('GET', '/sdk/evalx/contexts/:context'),
      route('GET', '/sdk/evalx/:env/contexts/:context'),
      route('REPORT', '/sdk/evalx/:env/context'),
      route('REPORT', '/sdk/evalx/context'),
      route('GET', '/eval/:env/:context'),
      route('REPORT', '/eval/:env'),
      route('GET', '/a/:env.gif'),
    ],
    { unknown: (_request, response) => sendNotFound(response) },
  );
  const server = createServer(router.dispatch);
  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  after(() => server.close());

  test('literal segments and parameters, tried both ways', async () => {
    assert.equal((await ask(port, '/sdk/evalx/contexts/abc')).text, '/sdk/evalx/contexts/:context abc\n');
    assert.equal((await ask(port, '/sdk/evalx/e1/contexts/abc')).text, '/sdk/evalx/:env/contexts/:context e1|abc\n');
    assert.equal((await ask(port, '/eval/e1/abc==')).text, '/eval/:env/:context e1|abc==\n');
    assert.equal((await ask(port, '/a/e1.gif')).text, '/a/:env.gif e1\n');
  });

  test('the method decides on a path with several', async () => {
    assert.equal((await ask(port, '/eval/e1', { method: 'REPORT' })).text, '/eval/:env e1\n');
    assert.equal((await ask(port, '/eval/e1')).status, 405);
  });

  test('a wrong method is 405 without a body, HEAD too', async () => {
    const answer = await ask(port, '/eval/e1/abc', { method: 'POST' });
    assert.equal(answer.status, 405);
    assert.equal(answer.body.length, 0);
    assert.equal((await ask(port, '/eval/e1/abc', { method: 'HEAD' })).status, 405);
  });

  test('unknown paths and trailing slashes are 404 with the text of ld-relay', async () => {
    for (const path of ['/', '/nosuch', '/eval/e1/abc/', '/eval/e1/', '/eval', '/a/.gif', '/a/e1', '/Eval/e1/abc']) {
      const answer = await ask(port, path);
      assert.equal(answer.status, 404, path);
      assert.equal(answer.text, '404 page not found\n');
      assert.equal(answer.headers['content-type'], 'text/plain; charset=utf-8');
    }
  });

  test('a double slash is redirected, a broken escape is 400', async () => {
    const answer = await ask(port, '/eval//e1/abc');
    assert.equal(answer.status, 301);
    assert.equal(answer.headers.location, '/eval/e1/abc');
    assert.equal((await ask(port, '/eval/e1/%zz')).status, 400);
  });
});
