import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { ask, openStream, type ReceivedEvent, type StreamClient } from '../../../../testing/client.ts';
import { eventually } from '../../../../testing/eventually.ts';
import { KEYS, sampleData, simpleFlag, startTestRelay, type TestRelay, untilReady } from '../../../../testing/relay.ts';
import { startUpstream } from '../../../../testing/upstream.ts';

const sdk = { headers: { Authorization: KEYS.sdk } };

interface Parsed {
  readonly event: string;
  // biome-ignore lint/suspicious/noExplicitAny: the shape is what the test checks
  readonly data: any;
}

const parsed = (events: readonly ReceivedEvent[]): Parsed[] =>
  events.map(({ event, data }) => ({ event, data: JSON.parse(data) }));

describe('FDv2 for server SDKs (contract 11.3)', () => {
  let relay: TestRelay;
  const open: StreamClient[] = [];
  const stream = async (basis = '', port = relay.port) => {
    const client = await openStream(port, `/sdk/stream${basis === '' ? '' : `?basis=${basis}`}`, sdk);
    open.push(client);
    return client;
  };
  const poll = (basis = '', headers: Record<string, string> = {}, port = relay.port) =>
    ask(port, `/sdk/poll${basis === '' ? '' : `?basis=${basis}`}`, { headers: { ...sdk.headers, ...headers } });
  const events = async (basis = '', port = relay.port): Promise<Parsed[]> =>
    JSON.parse((await poll(basis, {}, port)).text).events;
  const stateNow = async (port = relay.port): Promise<string> => (await events('', port)).at(-1)?.data.state;
  /** Changes a flag and waits until polls show it. */
  const patch = async (key: string, version: number, target = relay) => {
    const before = await stateNow(target.port);
    target.upstream.patchFlag(KEYS.sdk, simpleFlag(key, version));
    await eventually(async () => assert.notEqual(await stateNow(target.port), before));
  };

  before(async () => {
    relay = await startTestRelay();
    await untilReady(relay);
  });
  after(async () => {
    for (const client of open) client.close();
    await relay.close();
  });

  test('stream without basis: intent, every object, end of the transfer', async () => {
    const client = await stream();
    await client.until(() => client.events().length >= 5);
    const [intent, ...rest] = parsed(client.events());
    const { state, version } = rest.at(-1)!.data;
    assert.equal(client.headers['content-type'], 'text/event-stream; charset=utf-8');
    assert.equal(client.headers['x-ld-envid'], KEYS.env);
    assert.deepEqual(intent, {
      event: 'server-intent',
      data: { payloads: [{ id: 'relay', target: version, intentCode: 'xfer-full', reason: 'payload-missing' }] },
    });
    const { flags, segments } = sampleData();
    assert.deepEqual(rest.slice(0, -1), [
      { event: 'put-object', data: { version: 2, kind: 'segment', key: 'seg', object: segments.seg } },
      { event: 'put-object', data: { version: 1, kind: 'flag', key: 'one', object: flags.one } },
      { event: 'put-object', data: { version: 3, kind: 'flag', key: 'two', object: flags.two } },
    ]);
    assert.equal(rest.at(-1)?.event, 'payload-transferred');
    assert.match(state, /^[\w-]{22}$/, 'SDKs do not escape the basis');
    assert.ok(Number.isSafeInteger(version));
  });

  test('poll: the same events, with the unquoted tag and the environment id', async () => {
    const client = await stream();
    await client.until(() => client.events().at(-1)?.event === 'payload-transferred');
    const answer = await poll();
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['content-type'], 'application/json');
    assert.equal(answer.headers['x-ld-envid'], KEYS.env);
    assert.deepEqual(JSON.parse(answer.text).events, parsed(client.events()));
    assert.equal(answer.headers.etag, `relay-${await stateNow()}`);
  });

  test('basis = current state: intent none and nothing else', async () => {
    const state = await stateNow();
    const client = await stream(state);
    await client.until(() => client.events().length >= 1);
    const none = parsed(client.events());
    assert.equal(none[0]?.data.payloads[0].intentCode, 'none');
    assert.equal(none[0]?.data.payloads[0].reason, 'up-to-date');
    assert.deepEqual(await events(state), none);
    // The next thing is the next change.
    await patch('one', 10);
    await client.until(() => client.events().length >= 3);
    assert.deepEqual(
      parsed(client.events())
        .slice(1)
        .map(({ event, data }) => [event, data.key ?? data.state, data.version > 0]),
      [
        ['put-object', 'one', true],
        ['payload-transferred', await stateNow(), true],
      ],
    );
  });

  test('an unknown basis: full transfer', async () => {
    const [intent, ...rest] = await events('who-knows');
    assert.equal(intent?.data.payloads[0].intentCode, 'xfer-full');
    assert.equal(intent?.data.payloads[0].reason, 'cant-catchup');
    assert.deepEqual(rest, (await events()).slice(1));
  });

  test('a known earlier basis: only what changed since', async () => {
    const state = await stateNow();
    await patch('one', 20);
    await patch('three', 1);
    await patch('one', 21);
    relay.upstream.send(KEYS.sdk, 'delete', { path: '/flags/three', version: 2 });
    await eventually(async () => assert.equal((await events(state)).length, 4));
    const [intent, ...rest] = await events(state);
    assert.equal(intent?.data.payloads[0].intentCode, 'xfer-changes');
    assert.deepEqual(
      rest.map(({ event, data }) => [event, data.kind, data.key, data.kind && data.version]),
      [
        ['put-object', 'flag', 'one', 21],
        ['delete-object', 'flag', 'three', 2],
        ['payload-transferred', undefined, undefined, undefined],
      ],
    );
    const client = await stream(state);
    await client.until(() => client.events().length >= 4);
    assert.deepEqual(parsed(client.events()), [intent, ...rest]);
  });

  test('a deletion reaches open streams; a flag that came and went is not hidden by equal live data', async () => {
    const state = await stateNow();
    const client = await stream(state);
    relay.upstream.patchFlag(KEYS.sdk, simpleFlag('fleeting', 1));
    await client.until(() => client.events().length >= 3);
    relay.upstream.send(KEYS.sdk, 'delete', { path: '/flags/fleeting', version: 2 });
    await client.until(() => client.events().length >= 5);
    assert.deepEqual(parsed(client.events())[3], {
      event: 'delete-object',
      data: { version: 2, kind: 'flag', key: 'fleeting' },
    });
    // An SDK whose stream breaks sends the basis that it opened the stream with, though it has more by now.
    assert.deepEqual(
      (await events(state)).map(({ event }) => event),
      ['server-intent', 'delete-object', 'payload-transferred'],
    );
  });

  test('a put of upstream with the same data sends nothing, with newer items those, with missing ones everything', async () => {
    const other = await startTestRelay();
    try {
      await untilReady(other);
      const client = await stream('', other.port);
      await client.until(() => client.events().length >= 5);
      const { flags, segments } = sampleData();
      const put = (data: object) => other.upstream.send(KEYS.sdk, 'put', { path: '/', data });
      put({ flags, segments });
      put({ flags: { ...flags, one: simpleFlag('one', 2) }, segments });
      await client.until(() => client.events().length >= 7);
      assert.deepEqual(
        parsed(client.events())
          .slice(5)
          .map(({ event, data }) => [event, data.key]),
        [
          ['put-object', 'one'],
          ['payload-transferred', undefined],
        ],
      );
      put({ flags: { two: flags.two }, segments });
      await client.until(() => client.events().length >= 11);
      const full = parsed(client.events()).slice(7);
      assert.equal(full[0]?.data.payloads[0].intentCode, 'xfer-full');
      assert.deepEqual(
        full.map(({ data }) => data.key),
        [undefined, 'seg', 'two', undefined],
      );
    } finally {
      await other.close();
    }
  });

  test('relays with equal data have equal states, however the data came', async () => {
    const flags = { one: simpleFlag('one', 2), two: simpleFlag('two', 3, { on: false }), four: simpleFlag('four', 1) };
    const straight = await startTestRelay({}, { flags, segments: sampleData().segments });
    const patched = await startTestRelay();
    try {
      await Promise.all([untilReady(straight), untilReady(patched)]);
      await patch('four', 1, patched);
      await patch('one', 2, patched);
      assert.equal(await stateNow(patched.port), await stateNow(straight.port));
      // Deletions that only one of them has seen make no difference to who has everything.
      await patch('five', 1, patched);
      patched.upstream.send(KEYS.sdk, 'delete', { path: '/flags/five', version: 2 });
      await eventually(async () => assert.equal((await events('', patched.port)).length, 6));
      const intents = await events(await stateNow(patched.port), straight.port);
      assert.deepEqual(
        intents.map(({ data }) => data.payloads[0].intentCode),
        ['none'],
      );
    } finally {
      await straight.close();
      await patched.close();
    }
  });

  test('304 for a tag that was sent, in any form, but only to SDKs that have the current state', async () => {
    const earlier = await stateNow();
    await patch('one', 30);
    const state = await stateNow();
    for (const tag of [`relay-${state}`, `"relay-${state}"`, `W/"relay-${state}"`]) {
      const answer = await poll(state, { 'If-None-Match': tag });
      assert.equal(answer.status, 304);
      assert.equal(answer.text, '');
      assert.equal((await poll('', { 'If-None-Match': tag })).status, 304);
      assert.equal((await poll(earlier, { 'If-None-Match': tag })).status, 200);
    }
    assert.equal((await poll(state, { 'If-None-Match': `relay-${earlier}` })).status, 200);
  });

  test('gzip where it is configured', async () => {
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`f${i}`, simpleFlag(`f${i}`)]));
    const other = await startTestRelay({ server: { compression: true } }, { flags: many, segments: {} });
    try {
      await untilReady(other);
      const plain = await poll('', {}, other.port);
      const zipped = await poll('', { 'Accept-Encoding': 'gzip' }, other.port);
      assert.equal(zipped.headers['content-encoding'], 'gzip');
      assert.equal(zipped.headers.vary, 'Accept-Encoding');
      assert.equal(gunzipSync(zipped.body).toString(), plain.text);
    } finally {
      await other.close();
    }
  });

  test('the credential is a server SDK key', async () => {
    for (const path of ['/sdk/stream', '/sdk/poll']) {
      assert.equal((await ask(relay.port, path)).status, 401);
      assert.equal((await ask(relay.port, path, { headers: { Authorization: KEYS.mobile } })).status, 401);
      assert.equal((await ask(relay.port, `${path}?auth=${KEYS.sdk}`)).status, 401);
      assert.equal((await ask(relay.port, `${path}?filter=none`, sdk)).status, 404);
      assert.equal((await ask(relay.port, path, { ...sdk, method: 'POST' })).status, 405);
    }
  });

  test('no data yet: 503, which SDKs try again after; then the data', async () => {
    const silent = await startUpstream();
    silent.add(KEYS.sdk, sampleData(), 'silent');
    const other = await startTestRelay({ upstream: { streamUri: silent.url, initTimeoutMs: 50 } });
    try {
      for (const path of ['/sdk/stream', '/sdk/poll']) {
        // Inside the timeout it is a text, as on all paths; afterwards the message (row 6 of contract section 14).
        await eventually(async () => {
          const answer = await ask(other.port, path, sdk);
          assert.equal(answer.status, 503);
          assert.deepEqual(JSON.parse(answer.text), { message: 'Service not initialized' });
        });
      }
      silent.mode(KEYS.sdk, 'ok');
      await eventually(async () => assert.equal((await events('', other.port)).length, 5));
    } finally {
      await other.close();
      await silent.close();
    }
  });

  test('open streams count, and end with the relay', async () => {
    const other = await startTestRelay();
    await untilReady(other);
    const client = await stream('', other.port);
    await client.until(() => client.events().length >= 5);
    assert.equal(other.relay.streams(), 1);
    await other.close();
    await client.until(() => client.closed());
  });
});
