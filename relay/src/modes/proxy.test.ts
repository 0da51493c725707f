import assert from 'node:assert/strict';
import { createConnection } from 'node:net';
import { describe, test } from 'node:test';
import { StartupError } from '../errors.ts';
import { ask, openStream } from '../testing/client.ts';
import { eventually } from '../testing/eventually.ts';
import { KEYS, sampleData, simpleFlag, startTestRelay, untilReady } from '../testing/relay.ts';
import { startSseServer } from '../testing/sse-server.ts';

const sdk = { headers: { Authorization: KEYS.sdk } };

describe('a whole relay', () => {
  test('ops listener: live at once, ready with data, metrics', async () => {
    const relay = await startTestRelay();
    try {
      const ops = relay.relay.opsPort!;
      assert.equal((await ask(ops, '/livez')).status, 200);
      await eventually(async () => assert.equal((await ask(ops, '/readyz')).status, 200));
      const stream = await openStream(relay.port, '/all', sdk);
      await stream.until(() => stream.events().length === 1);
      await ask(relay.port, '/sdk/flags', sdk);
      const { text } = await ask(ops, '/metrics');
      for (const line of [
        'flagrelay_streams{kind="all",platform="server"} 1',
        'flagrelay_environments 1',
        'flagrelay_ready 1',
        'flagrelay_upstream_state{environment="test",state="VALID"} 1',
        'flagrelay_http_requests_total{route="sdk_flags",status="200"} 1',
        'flagrelay_http_requests_total{route="all",status="200"} 1',
        'flagrelay_http_request_duration_seconds_count{route="sdk_flags"} 1',
      ]) {
        assert.ok(text.includes(line), line);
      }
      assert.ok(!text.includes(KEYS.sdk));
      assert.equal((await ask(ops, '/nosuch')).status, 404);
      assert.equal((await ask(ops, '/status/instance')).status, 404, 'it reports to nobody');
      stream.close();
      await eventually(async () =>
        assert.ok((await ask(ops, '/metrics')).text.includes('flagrelay_streams{kind="all",platform="server"} 0')),
      );
    } finally {
      await relay.close();
    }
  });

  test('a request that comes before the data waits for them', async () => {
    await using server = await startSseServer();
    const relay = await startTestRelay({ upstream: { streamUri: server.url } });
    try {
      const stream = await server.next();
      const early = ask(relay.port, '/sdk/flags', sdk);
      assert.equal((await ask(relay.port, '/status')).status, 200, 'the relay itself is there');
      stream.event('put', JSON.stringify({ path: '/', data: sampleData() }));
      assert.equal((await early).status, 200);
    } finally {
      await relay.close();
    }
  });

  test('a drain: not ready, streams ended over the time, then nobody listens', async () => {
    const relay = await startTestRelay({ server: { drainMs: 600 } });
    try {
      await untilReady(relay);
      const streams = await Promise.all(Array.from({ length: 8 }, () => openStream(relay.port, '/all', sdk)));
      await Promise.all(streams.map((stream) => stream.until(() => stream.events().length === 1)));
      const draining = relay.relay.drain();
      assert.equal((await ask(relay.relay.opsPort!, '/readyz')).status, 503);
      assert.equal(relay.relay.overview.readiness().reason, 'shutting down');
      assert.equal((await ask(relay.port, '/sdk/flags', sdk)).status, 200, 'requests are still served');
      await draining;
      await Promise.all(streams.map((stream) => stream.until(() => stream.closed())));
      await assert.rejects(ask(relay.port, '/sdk/flags', sdk));
    } finally {
      await relay.close();
    }
  });

  test('a drain without clients takes no time worth mentioning', async () => {
    const relay = await startTestRelay({ server: { drainMs: 60_000 } });
    await untilReady(relay);
    await relay.relay.drain();
    await relay.close();
  });

  test('a port in use is a start-up error that names it; nothing stays open', async () => {
    const first = await startTestRelay();
    try {
      await assert.rejects(startTestRelay({ server: { port: first.port } }), (error: Error) => {
        assert.ok(error instanceof StartupError);
        assert.match(error.message, new RegExp(`port ${first.port} .*in use`));
        return true;
      });
    } finally {
      await first.close();
    }
  });

  test('an ops port in use is only a warning unless it was asked for', async () => {
    const first = await startTestRelay();
    try {
      const port = first.relay.opsPort!;
      const second = await startTestRelay({ ops: { port, required: false } });
      assert.equal(second.relay.opsPort, undefined);
      await second.close();
      await assert.rejects(startTestRelay({ ops: { port, required: true } }), StartupError);
    } finally {
      await first.close();
    }
  });

  test('no data within the init timeout: told to the owner of the process, when the configuration says exit', async () => {
    const dead = await startTestRelay({
      environments: [{ name: 'dead', sdkKey: 'sdk-44444444-0000-4000-8000-000000000004' }],
      upstream: { streamUri: 'http://127.0.0.1:9', initTimeoutMs: 60, onInitTimeout: 'exit' },
    });
    try {
      await eventually(() => assert.equal(dead.fatal.length, 1));
      assert.match(dead.fatal[0]!.message, /environment dead has no data after 60 ms/);
    } finally {
      await dead.close();
    }
  });

  test('a slow reader is cut and counted, and others get every event', async () => {
    const relay = await startTestRelay({ streaming: { maxBufferedBytes: 64 * 1024 } });
    const slow = createConnection(relay.port, '127.0.0.1');
    try {
      await untilReady(relay);
      slow.on('error', () => {});
      slow.write(`GET /all HTTP/1.1\r\nHost: x\r\nAuthorization: ${KEYS.sdk}\r\n\r\n`);
      slow.pause();
      const good = await openStream(relay.port, '/all', sdk);
      await good.until(() => good.events().length === 1);
      await eventually(() => assert.equal(relay.relay.streams(), 2));
      let version = 10;
      await eventually(async () => {
        for (let i = 0; i < 20; i++) {
          relay.upstream.patchFlag(KEYS.sdk, simpleFlag('one', ++version, { pad: 'x'.repeat(100_000) }));
        }
        await good.until(() => good.text().includes(`"version":${version}`));
        assert.equal(relay.relay.streams(), 1);
      });
      const { text } = await ask(relay.relay.opsPort!, '/metrics');
      assert.ok(text.includes('flagrelay_streams_cut_total 1'));
      const versions = good
        .events()
        .slice(1)
        .map((event) => JSON.parse(event.data).data.version);
      assert.deepEqual(
        versions,
        Array.from({ length: version - 10 }, (_, i) => 11 + i),
      );
      good.close();
    } finally {
      slow.destroy();
      await relay.close();
    }
  });
});
