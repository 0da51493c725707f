import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { ask, openStream } from '../testing/client.ts';
import { eventually } from '../testing/eventually.ts';
import { KEYS, simpleFlag, startTestRelay, type TestRelay, untilReady } from '../testing/relay.ts';

interface Bulk {
  readonly status: number;
  readonly etag: string;
  readonly path: string;
  readonly values: Record<string, unknown>;
}

describe('OFREP event streams (ADR-0008)', { timeout: 60_000 }, () => {
  let relay: TestRelay;

  beforeEach(async () => {
    relay = await startTestRelay();
    await untilReady(relay);
  });
  afterEach(() => relay.close());

  async function bulk(key: string = KEYS.env, query = '', headers: Record<string, string> = {}): Promise<Bulk> {
    const {
      status,
      text,
      headers: answered,
    } = await ask(relay.port, `/ofrep/v1/evaluate/flags${query}`, {
      method: 'POST',
      headers: { 'X-API-Key': key, ...headers },
      body: JSON.stringify({ context: { targetingKey: 'alice' } }),
    });
    const body = text === '' ? {} : JSON.parse(text);
    return {
      status,
      etag: answered.etag ?? '',
      path: body.eventStreams?.[0].endpoint.requestUri ?? '',
      values: Object.fromEntries(
        (body.flags ?? []).map(({ key, value }: { key: string; value: unknown }) => [key, value]),
      ),
    };
  }
  const patch = (version: number, changes: object = {}) =>
    relay.upstream.patchFlag(KEYS.sdk, simpleFlag('one', version, changes));
  const eventIn = (text: string) => /id: (\S+)\nevent: message\ndata: (.*)\n\n/.exec(text);

  test('a bulk answer names a stream of its key, the same each time; no credential is in it', async () => {
    const paths = await Promise.all([KEYS.sdk, KEYS.mobile, KEYS.env].map(async (key) => (await bulk(key)).path));
    assert.equal(new Set(paths).size, 3);
    for (const [index, key] of [KEYS.sdk, KEYS.mobile, KEYS.env].entries()) {
      assert.equal((await bulk(key)).path, paths[index]);
      assert.ok(!paths[index]?.includes(key));
      // It evaluates nothing.
      const address = paths[index]?.split('/').at(-1) ?? '';
      assert.equal((await bulk(address)).status, 401);
    }
  });

  test('a change is told when requests are answered with it, with what names the data', async () => {
    const { path } = await bulk();
    const stream = await openStream(relay.port, path, { headers: { Origin: 'https://app.example' } });
    assert.equal(stream.status, 200);
    assert.match(stream.headers['content-type'] ?? '', /^text\/event-stream/);
    assert.equal(stream.headers['access-control-allow-origin'], '*');
    await stream.until(() => /^retry: \d+\n\n/.test(stream.text()));
    patch(100, { on: false });
    await stream.until(() => eventIn(stream.text()) !== null);
    const [, id, data] = eventIn(stream.text()) ?? [];
    assert.deepEqual(JSON.parse(data ?? ''), { type: 'refetchEvaluation', etag: `"${id}"` });
    assert.equal((await bulk()).values.one, 'b');
    stream.close();
  });

  test('who comes back having missed a change is told at once, who missed none is not', async () => {
    const { path } = await bulk();
    const first = await openStream(relay.port, path);
    patch(100);
    await first.until(() => eventIn(first.text()) !== null);
    const [, seen = ''] = eventIn(first.text()) ?? [];
    first.close();
    patch(101);
    await eventually(async () => {
      const back = await openStream(relay.port, path, { headers: { 'Last-Event-ID': seen } });
      await back.until(() => eventIn(back.text()) !== null);
      back.close();
      assert.notEqual(eventIn(back.text())?.[1], seen);
    });
    const fresh = await openStream(relay.port, path);
    patch(102);
    await fresh.until(() => eventIn(fresh.text()) !== null);
    const [, current = ''] = eventIn(fresh.text()) ?? [];
    const upToDate = await openStream(relay.port, path, { headers: { 'Last-Event-ID': current } });
    patch(103);
    await upToDate.until(() => eventIn(upToDate.text()) !== null);
    assert.equal(upToDate.text().match(/refetchEvaluation/g)?.length, 1, 'only of what came after');
    fresh.close();
    upToDate.close();
  });

  test('changes that come while clients are being told are told to all of them, as one', async () => {
    const { path } = await bulk();
    const streams = await Promise.all(Array.from({ length: 5 }, () => openStream(relay.port, path)));
    for (let version = 100; version < 150; version++) patch(version);
    const last = async () => {
      const probe = await openStream(relay.port, path, { headers: { 'Last-Event-ID': 'older' } });
      await probe.until(() => eventIn(probe.text()) !== null);
      probe.close();
      return eventIn(probe.text())?.[1];
    };
    await eventually(async () => {
      const id = await last();
      for (const stream of streams) assert.ok(stream.text().includes(`id: ${id}\n`));
    });
    for (const stream of streams) {
      assert.ok((stream.text().match(/refetchEvaluation/g)?.length ?? 0) < 50);
      stream.close();
    }
  });

  test('a refetch for other data than those that are served is never answered 304', async () => {
    const { etag, path } = await bulk();
    const conditional = (query: string) => bulk(KEYS.env, query, { 'If-None-Match': etag });
    assert.equal((await conditional('')).status, 304);
    assert.equal((await conditional('?flagConfigEtag=%22other%22')).status, 200);
    const stream = await openStream(relay.port, path, { headers: { 'Last-Event-ID': 'older' } });
    await stream.until(() => eventIn(stream.text()) !== null);
    const [, current = ''] = eventIn(stream.text()) ?? [];
    for (const told of [current, `"${current}"`]) {
      assert.equal((await conditional(`?flagConfigEtag=${encodeURIComponent(told)}`)).status, 304);
    }
    stream.close();
  });

  test('what opens no stream gets an empty one and a time to come back, never an error', async () => {
    for (const path of ['/ofrep/v1/streams/unknown', `/ofrep/v1/streams/${'a'.repeat(43)}`, '/ofrep/v1/streams/%00']) {
      const { status, text, headers } = await ask(relay.port, path);
      assert.equal(status, 200, path);
      assert.match(headers['content-type'] ?? '', /^text\/event-stream/);
      assert.equal(headers['access-control-allow-origin'], '*');
      const [, retry] = /^retry: (\d+)\n\n$/.exec(text) ?? [];
      assert.ok(Number(retry) >= 60_000);
    }
  });

  test('too many streams: an empty one and a time to come back', async () => {
    const small = await startTestRelay({ server: { maxPublicStreamsPerCredential: 1 } });
    try {
      await untilReady(small);
      const { path } = await bulk();
      const one = await openStream(small.port, path);
      const [, retry] = /^retry: (\d+)\n\n$/.exec((await ask(small.port, path)).text) ?? [];
      assert.ok(Number(retry) >= 1_000 && Number(retry) <= 10_000);
      one.close();
    } finally {
      await small.close();
    }
  });

  test('a stream ends with its credential, and in a drain', async () => {
    const stream = await openStream(relay.port, (await bulk()).path);
    const closing = relay.close();
    await stream.until(() => stream.closed());
    await closing;
  });

  test('behind a proxy with a path of its own, streams are named below it', async () => {
    const prefixed = await startTestRelay({ server: { ofrepPathPrefix: '/flags' } });
    try {
      await untilReady(prefixed);
      const { text } = await ask(prefixed.port, '/ofrep/v1/evaluate/flags', {
        method: 'POST',
        headers: { 'X-API-Key': KEYS.env },
        body: JSON.stringify({ context: { targetingKey: 'alice' } }),
      });
      assert.match(JSON.parse(text).eventStreams[0].endpoint.requestUri, /^\/flags\/ofrep\/v1\/streams\/[\w-]{43}$/);
    } finally {
      await prefixed.close();
    }
  });
});
