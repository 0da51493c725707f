import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ask, openStream, type StreamClient } from '../../../testing/client.ts';
import { eventually } from '../../../testing/eventually.ts';
import { KEYS, sampleData, simpleFlag, startTestRelay, type TestRelay, untilReady } from '../../../testing/relay.ts';

const CONTEXT = Buffer.from('{"kind":"user","key":"alice"}').toString('base64url');
const sdk = { headers: { Authorization: KEYS.sdk } };
const mobile = { headers: { Authorization: KEYS.mobile } };

describe('streams (contract 2)', () => {
  let relay: TestRelay;
  let open: StreamClient[] = [];
  const stream = async (path: string, options: Parameters<typeof openStream>[2] = {}) => {
    const client = await openStream(relay.port, path, options);
    open.push(client);
    return client;
  };
  before(async () => {
    relay = await startTestRelay({ streaming: { heartbeatMs: 100 } });
    await untilReady(relay);
  });
  after(async () => {
    for (const client of open) client.close();
    open = [];
    await relay.close();
  });

  test('headers (2.1)', async () => {
    const { status, headers } = await stream('/all', sdk);
    assert.equal(status, 200);
    assert.equal(headers['content-type'], 'text/event-stream; charset=utf-8');
    assert.equal(headers['cache-control'], 'no-cache, no-store, must-revalidate');
    assert.equal(headers.connection, 'keep-alive');
    assert.equal(headers['x-accel-buffering'], 'no');
    assert.equal(headers['access-control-allow-origin'], '*');
  });

  test('/all: put with flags and segments, then patch and delete with paths (2.2)', async () => {
    const all = await stream('/all', sdk);
    await all.until(() => all.events().length >= 1);
    const [first] = all.events();
    assert.equal(first?.event, 'put');
    const { path, data } = JSON.parse(first!.data);
    assert.equal(path, '/');
    assert.deepEqual(Object.keys(data), ['flags', 'segments']);
    relay.upstream.patchFlag(KEYS.sdk, simpleFlag('one', 2));
    await all.until(() => all.events().length >= 2);
    assert.equal(all.events()[1]?.event, 'patch');
    assert.equal(JSON.parse(all.events()[1]!.data).path, '/flags/one');
    relay.upstream.send(KEYS.sdk, 'patch', {
      path: '/segments/seg',
      data: { ...sampleData().segments.seg, version: 3 },
    });
    await all.until(() => all.events().length >= 3);
    assert.equal(JSON.parse(all.events()[2]!.data).path, '/segments/seg');
    relay.upstream.send(KEYS.sdk, 'delete', { path: '/flags/two', version: 8 });
    await all.until(() => all.events().length >= 4);
    assert.deepEqual(all.events()[3], { event: 'delete', data: '{"path":"/flags/two","version":8}' });
  });

  test('an upstream patch with deleted:true becomes a delete event (2.3)', async () => {
    const all = await stream('/all', sdk);
    await all.until(() => all.events().length >= 1);
    relay.upstream.send(KEYS.sdk, 'patch', { path: '/flags/gone', data: { key: 'gone', version: 4, deleted: true } });
    await all.until(() => all.events().length >= 2);
    assert.deepEqual(all.events()[1], { event: 'delete', data: '{"path":"/flags/gone","version":4}' });
  });

  test('/flags: the bare map, paths without the kind, nothing for segments (row 16 of section 14)', async () => {
    const flags = await stream('/flags', sdk);
    await flags.until(() => flags.events().length >= 1);
    assert.ok('one' in JSON.parse(flags.events()[0]!.data));
    relay.upstream.send(KEYS.sdk, 'patch', {
      path: '/segments/seg',
      data: { ...sampleData().segments.seg, version: 4 },
    });
    relay.upstream.patchFlag(KEYS.sdk, simpleFlag('one', 3));
    await flags.until(() => flags.events().length >= 2);
    assert.equal(JSON.parse(flags.events()[1]!.data).path, '/one');
  });

  test('ping streams: the exact bytes at once, and for each change; polls see the change first (rows 14 and 20)', async () => {
    const streams = await Promise.all([
      stream('/mping', mobile),
      stream(`/meval/${CONTEXT}`, mobile),
      stream(`/ping/${KEYS.env}`),
      stream(`/eval/${KEYS.env}/${CONTEXT}`),
      stream(`/eval/${KEYS.env}/${CONTEXT}?withReasons=true`),
      stream('/meval', {
        method: 'REPORT',
        body: '{"key":"x"}',
        headers: { ...mobile.headers, 'Content-Type': 'application/json' },
      }),
      stream(`/eval/${KEYS.env}`, {
        method: 'REPORT',
        body: '{"key":"x"}',
        headers: { 'Content-Type': 'application/json' },
      }),
    ]);
    for (const client of streams) {
      await client.until(() => client.events().length === 1);
      assert.match(client.text(), /^(:\n)*event: ping\ndata: {2}\n\n(:\n)*$/);
    }
    relay.upstream.patchFlag(KEYS.sdk, simpleFlag('one', 4, { fallthrough: { variation: 1 } }));
    await Promise.all(streams.map((client) => client.until(() => client.events().length === 2)));
    const poll = await ask(relay.port, `/sdk/evalx/${KEYS.env}/contexts/${CONTEXT}`);
    assert.equal(JSON.parse(poll.text).one.value, 'b');
  });

  test('heartbeats are a bare comment line (2.1)', async () => {
    const ping = await stream(`/ping/${KEYS.env}`);
    await ping.until(() => (ping.text().match(/^:$/gm) ?? []).length >= 2);
    assert.doesNotMatch(ping.text(), /:\n\n/);
  });

  test('a stale patch is not passed on; an unknown path is ignored', async () => {
    const all = await stream('/all', sdk);
    await all.until(() => all.events().length >= 1);
    relay.upstream.send(KEYS.sdk, 'patch', { path: '/flags/one', data: simpleFlag('one', 1) });
    relay.upstream.send(KEYS.sdk, 'patch', { path: '/widgets/x', data: { key: 'x', version: 1 } });
    relay.upstream.patchFlag(KEYS.sdk, simpleFlag('marker', 1));
    await all.until(() => all.events().length >= 2);
    assert.equal(JSON.parse(all.events()[1]!.data).path, '/flags/marker');
  });

  test('a bad context is refused before the stream opens (2.3)', async () => {
    const answer = await ask(relay.port, `/eval/${KEYS.env}/!!!`);
    assert.equal(answer.status, 400);
    assert.equal(answer.headers['x-accel-buffering'], 'no');
  });

  test('when upstream breaks, streams stay; its new put reaches everybody (2.3)', async () => {
    const all = await stream('/all', sdk);
    const ping = await stream('/mping', mobile);
    await all.until(() => all.events().length >= 1);
    await ping.until(() => ping.events().length >= 1);
    const asked = relay.upstream.requests(KEYS.sdk);
    relay.upstream.drop(KEYS.sdk);
    await all.until(() => all.events().length >= 2);
    assert.equal(all.events()[1]?.event, 'put');
    await ping.until(() => ping.events().length >= 2);
    assert.ok(relay.upstream.requests(KEYS.sdk) > asked);
    assert.ok(!all.closed());
  });
});

describe('streams of an environment without data (contract 2.3)', () => {
  test('open and silent at first; the put comes when data does', async () => {
    const relay = await startTestRelay({ upstream: { initTimeoutMs: 50 } });
    try {
      await untilReady(relay);
      relay.upstream.mode(KEYS.sdk, 'silent');
      const late = await startTestRelay({ upstream: { streamUri: relay.upstream.url, initTimeoutMs: 50 } });
      try {
        await eventually(async () =>
          assert.notEqual((await ask(late.port, '/sdk/flags', sdk)).text, 'client was not initialized\n'),
        );
        const all = await openStream(late.port, '/all', sdk);
        assert.equal(all.status, 200);
        assert.equal(all.text(), '');
        relay.upstream.mode(KEYS.sdk, 'ok');
        await all.until(() => all.events().length === 1);
        assert.equal(all.events()[0]?.event, 'put');
        all.close();
      } finally {
        await late.close();
      }
    } finally {
      await relay.close();
    }
  });
});
