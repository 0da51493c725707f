import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { RelayDocument } from '../../../config/document.ts';
import { ask } from '../../../testing/client.ts';
import { startEventSink } from '../../../testing/event-sink.ts';
import { KEYS, startTestRelay, untilReady } from '../../../testing/relay.ts';

const SDK = { Authorization: KEYS.sdk, 'X-LaunchDarkly-Event-Schema': '4' };
const BULK = '[{"kind":"custom","key":"k"}]';

async function start(events: RelayDocument['events'] = {}, upstream: RelayDocument['upstream'] = {}) {
  const sink = await startEventSink();
  const t = await startTestRelay({
    events: { enabled: true, flushMs: 20, ...events },
    upstream: { eventsUri: sink.url, ...upstream },
  });
  await untilReady(t);
  const post = (path: string, body: string | Buffer, headers: Record<string, string> = SDK) =>
    ask(t.port, path, { method: 'POST', headers, body });
  return {
    ...t,
    sink,
    post,
    [Symbol.asyncDispose]: async () => {
      await t.close();
      await sink[Symbol.asyncDispose]();
    },
  };
}

describe('event endpoints (contract 1.9, 1.10)', { timeout: 60_000 }, () => {
  test('a body is answered with 202 and forwarded, compressed or not', async () => {
    await using t = await start();
    for (const [body, headers] of [
      [BULK, SDK],
      [gzipSync(BULK), { ...SDK, 'Content-Encoding': 'gzip' }],
    ] as const) {
      const answer = await t.post('/bulk', body, headers);
      assert.equal(answer.status, 202);
      assert.equal(answer.text, '');
    }
    await t.sink.received(1);
    assert.equal(t.sink.posts[0]?.path, '/bulk');
    assert.equal(t.sink.posts[0]?.headers.authorization, KEYS.sdk);
  });

  test('an empty body, broken gzip and too large a body are 400', async () => {
    await using t = await start({ maxInboundPayloadBytes: 100 });
    const empty = await t.post('/bulk', '');
    assert.deepEqual([empty.status, empty.text], [400, '{"message":"body may not be empty"}']);
    assert.match(String(empty.headers['content-type']), /^text\/plain/);
    assert.equal((await t.post('/bulk', 'nope', { ...SDK, 'Content-Encoding': 'gzip' })).status, 400);
    const large = JSON.stringify(['x'.repeat(200)]);
    for (const [body, headers] of [
      [large, SDK],
      [gzipSync(large), { ...SDK, 'Content-Encoding': 'gzip' }],
    ] as const) {
      const answer = await t.post('/bulk', body, headers);
      assert.deepEqual([answer.status, answer.text], [400, '{"message":"unable to read request body"}']);
    }
    const exact = JSON.stringify(['x'.repeat(96)]);
    assert.equal((await t.post('/bulk', exact)).status, 202);
    await t.sink.received(1);
  });

  test('without a limit of its own, the limit of request bodies holds: 413', async () => {
    const t = await startTestRelay({ events: { enabled: true }, server: { maxRequestBodyBytes: 100 } });
    await untilReady(t);
    const body = gzipSync(JSON.stringify(['x'.repeat(100_000)]));
    const headers = { ...SDK, 'Content-Encoding': 'gzip' };
    assert.equal((await ask(t.port, '/bulk', { method: 'POST', headers, body })).status, 413);
    await t.close();
  });

  test('a diagnostic event is passed on at once with the SDK’s own headers', async () => {
    await using t = await start({ flushMs: 3_600_000 });
    const headers = { ...SDK, 'User-Agent': 'Node/9', 'X-LaunchDarkly-Tags': 't/1', Cookie: 'private' };
    assert.equal((await t.post('/diagnostic', '{"kind":"diagnostic"}', headers)).status, 202);
    const [post] = await t.sink.received(1);
    assert.equal(post?.path, '/diagnostic');
    assert.equal(post?.text, '{"kind":"diagnostic"}');
    assert.equal(post?.headers['user-agent'], 'Node/9');
    assert.equal(post?.headers['x-launchdarkly-tags'], 't/1');
    assert.equal(post?.headers.cookie, undefined);
    assert.equal(post?.headers.authorization, KEYS.sdk);
  });

  test('the pixel carries events of old browsers', async () => {
    await using t = await start();
    const data = encodeURIComponent(Buffer.from('[{"kind":"pixel?>"}]').toString('base64'));
    const answer = await ask(t.port, `/a/${KEYS.env}.gif?d=${data}`);
    assert.equal(answer.headers['content-type'], 'image/gif');
    assert.equal(answer.body.length, 42);
    assert.equal((await ask(t.port, `/a/${KEYS.env}.gif?d=%21%21`)).status, 200);
    const [post] = await t.sink.received(1);
    assert.equal(post?.path, `/events/bulk/${KEYS.env}`);
    assert.equal(post?.headers['x-launchdarkly-event-schema'], '3');
    assert.equal(post?.headers.authorization, undefined);
    assert.equal(post?.text, '[{"kind":"pixel?>"}]');
  });

  test('with events off everything is 503, and the browser may read it', async () => {
    const t = await startTestRelay();
    await untilReady(t);
    const paths = [`/events/bulk/${KEYS.env}`, `/events/diagnostic/${KEYS.env}`];
    for (const path of paths) {
      const answer = await ask(t.port, path, { method: 'POST', body: BULK, headers: { Origin: 'https://a.example' } });
      assert.equal(answer.status, 503);
      assert.equal(answer.text, '{"message":"Event proxy is not enabled for this environment"}');
      assert.equal(answer.headers['access-control-allow-origin'], 'https://a.example');
    }
    assert.equal((await ask(t.port, `/a/${KEYS.env}.gif?d=W10=`)).status, 503);
    await t.close();
  });

  test('events are counted in the metrics', async () => {
    await using t = await start();
    await t.post('/bulk', '[1,2,3]');
    await t.post('/bulk', 'not json');
    await t.sink.received(1);
    const { text } = await ask(t.relay.opsPort ?? 0, '/metrics');
    assert.match(text, /flagrelay_events_received_total\{environment="test"\} 3/);
    assert.match(text, /flagrelay_events_dropped_total\{environment="test",reason="invalid"\} 1/);
  });
});

describe('goals (contract 1.9)', { timeout: 60_000 }, () => {
  test('are fetched from upstream, cached as it says, and shown to browsers', async () => {
    let hits = 0;
    const goals = createServer((request, response) => {
      hits += 1;
      if (request.url?.includes('broken')) {
        response.writeHead(500, { 'Content-Type': 'text/plain' }).end('oops');
        return;
      }
      response.writeHead(200, {
        'Content-Type': 'application/json',
        'Cache-Control': 'max-age=60',
        ETag: '"goals-1"',
        'Access-Control-Allow-Origin': 'https://upstream.example',
      });
      response.end(JSON.stringify({ url: request.url, cookie: request.headers.cookie ?? null }));
    });
    await new Promise<void>((resolve) => goals.listen(0, '127.0.0.1', resolve));
    const port = (goals.address() as AddressInfo).port;
    const t = await startTestRelay({ upstream: { clientSideBaseUri: `http://127.0.0.1:${port}` } });
    await untilReady(t);
    const path = `/sdk/goals/${KEYS.env}`;
    const headers = { Origin: 'https://a.example', Cookie: 'private' };
    const first = await ask(t.port, path, { headers });
    assert.deepEqual(JSON.parse(first.text), { url: path, cookie: null });
    assert.equal(first.headers['access-control-allow-origin'], 'https://a.example');
    assert.equal(first.headers['content-type'], 'application/json');
    assert.equal((await ask(t.port, path, { headers })).text, first.text);
    assert.equal((await ask(t.port, path, { headers: { ...headers, 'If-None-Match': '"goals-1"' } })).status, 304);
    assert.equal(hits, 1);
    const broken = await ask(t.port, `${path}?broken`, { headers });
    assert.deepEqual([broken.status, broken.text], [500, 'oops']);
    goals.closeAllConnections();
    await new Promise((resolve) => goals.close(resolve));
    assert.equal((await ask(t.port, `${path}?other`, { headers })).status, 502);
    await t.close();
  });
});
