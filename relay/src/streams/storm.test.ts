import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { ask, openStream } from '../testing/client.ts';
import { eventually } from '../testing/eventually.ts';
import { KEYS, simpleFlag, startTestRelay, type TestRelay, untilReady } from '../testing/relay.ts';

/** More than the sockets of both sides hold, so that a client that does not read keeps its place. */
const LARGE = 'x'.repeat(16 * 1024 * 1024);

describe('reconnect storms ([Concurrency], contract 11.1)', { timeout: 60_000 }, () => {
  let relay: TestRelay;
  let reader: Socket;
  before(async () => {
    const flags = { large: simpleFlag('large', 1, { variations: [LARGE] }) };
    relay = await startTestRelay({ server: { initMaxConcurrent: 1, initMaxQueued: 1 } }, { flags, segments: {} });
    await untilReady(relay);
    reader = connect(relay.port, '127.0.0.1');
    reader.pause();
    reader.write(`GET /all HTTP/1.1\r\nHost: x\r\nAuthorization: ${KEYS.sdk}\r\n\r\n`);
    await eventually(() => assert.equal(relay.relay.streams(), 1));
  });
  after(async () => {
    reader.destroy();
    await relay.close();
  });

  const headers = { Authorization: KEYS.sdk };
  const metric = async (name: string): Promise<string | undefined> => {
    const { text } = await ask(relay.relay.opsPort ?? 0, '/metrics');
    return text
      .split('\n')
      .find((line) => line.startsWith(`${name} `))
      ?.slice(name.length + 1);
  };

  test('one SDK is sent its payload, one waits with an open stream, the others are told to come back', async () => {
    const waiting = await openStream(relay.port, '/all', { headers });
    assert.equal(waiting.status, 200);
    const shed = await ask(relay.port, '/all', { headers });
    assert.equal(shed.status, 503);
    assert.equal(shed.headers['retry-after'], '1');
    assert.equal(await metric('flagrelay_streams_shed_total{reason="queue"}'), '1');
    assert.equal(await metric('flagrelay_first_payloads{state="held"}'), '1');
    assert.equal(await metric('flagrelay_first_payloads{state="waiting"}'), '1');
    // Polls for a whole data set neither.
    for (const path of ['/sdk/flags', '/sdk/latest-all', '/sdk/poll', '/sdk/poll?basis=unknown']) {
      const poll = await ask(relay.port, path, { headers });
      assert.deepEqual([poll.status, poll.headers['retry-after']], [503, '1'], path);
      assert.match(JSON.parse(poll.text).message, /limit reached; retry shortly/);
    }
    assert.equal(await metric('flagrelay_streams_shed_total{reason="polls"}'), '4');
    // Streams without a payload, and polls for less, are not held up.
    const ping = await openStream(relay.port, '/mping', { headers: { Authorization: KEYS.mobile } });
    assert.equal(ping.status, 200);
    ping.close();
    assert.equal((await ask(relay.port, '/sdk/flags/nosuch', { headers })).status, 404);

    assert.equal(waiting.text(), '');
    reader.destroy();
    await waiting.until(() => waiting.text().length > LARGE.length);
    waiting.close();
    const next = await openStream(relay.port, '/flags', { headers });
    await next.until(() => next.text().length > LARGE.length);
    next.close();
    assert.equal(await metric('flagrelay_first_payloads{state="held"}'), '0');
  });

  test('a poll waits for its turn, and is answered then', async () => {
    const busy = connect(relay.port, '127.0.0.1');
    busy.pause();
    busy.write(`GET /all HTTP/1.1\r\nHost: x\r\nAuthorization: ${KEYS.sdk}\r\n\r\n`);
    await eventually(async () => assert.equal(await metric('flagrelay_first_payloads{state="held"}'), '1'));
    const poll = ask(relay.port, '/sdk/latest-all', { headers });
    await eventually(async () => assert.equal(await metric('flagrelay_first_payloads{state="waiting"}'), '1'));
    busy.destroy();
    const { status, text } = await poll;
    assert.equal(status, 200);
    assert.ok(text.length > LARGE.length);
    await eventually(async () => assert.equal(await metric('flagrelay_first_payloads{state="held"}'), '0'));
  });

  test('a poll whose client leaves while it waits leaves the queue', async () => {
    const busy = connect(relay.port, '127.0.0.1');
    busy.pause();
    busy.write(`GET /all HTTP/1.1\r\nHost: x\r\nAuthorization: ${KEYS.sdk}\r\n\r\n`);
    await eventually(async () => assert.equal(await metric('flagrelay_first_payloads{state="held"}'), '1'));
    const gone = connect(relay.port, '127.0.0.1');
    gone.write(`GET /sdk/flags HTTP/1.1\r\nHost: x\r\nAuthorization: ${KEYS.sdk}\r\n\r\n`);
    await eventually(async () => assert.equal(await metric('flagrelay_first_payloads{state="waiting"}'), '1'));
    gone.destroy();
    await eventually(async () => assert.equal(await metric('flagrelay_first_payloads{state="waiting"}'), '0'));
    busy.destroy();
    await eventually(async () => assert.equal(await metric('flagrelay_first_payloads{state="held"}'), '0'));
  });
});
