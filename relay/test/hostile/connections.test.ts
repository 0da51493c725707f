import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { createTestCa } from '../../src/testing/certificates.ts';
import { type Ask, ask, openStream } from '../../src/testing/client.ts';
import { eventually } from '../../src/testing/eventually.ts';
import { simpleFlag } from '../../src/testing/relay.ts';
import { RawConnection } from './support/raw.ts';
import { ATTACKED, NEIGHBOUR, startVictim, type Victim } from './support/victim.ts';

const POD = { nodeArgs: ['--max-old-space-size=317', '--max-semi-space-size=8'] };

/** Connections of the test's own, closed at its end. */
class Crowd implements Disposable {
  readonly connections: RawConnection[] = [];
  readonly #port: number;

  constructor(port: number) {
    this.#port = port;
  }

  open(): RawConnection {
    const connection = new RawConnection(this.#port);
    this.connections.push(connection);
    return connection;
  }

  get closed(): number {
    return this.connections.filter(({ closed }) => closed).length;
  }

  [Symbol.dispose](): void {
    for (const connection of this.connections) connection[Symbol.dispose]();
  }
}

const contextOf = (key: string) => Buffer.from(JSON.stringify({ kind: 'user', key })).toString('base64url');
/** Waits that what was sent is handled. */
const settled = (victim: Victim) => ask(victim.opsPort, '/livez').then(() => ask(victim.port, '/nosuch'));

describe('pipelining', () => {
  for (const path of [
    `/ping/${ATTACKED.env}`,
    `/eval/${ATTACKED.env}/${contextOf('a')}`,
    `/sdk/stream/eval/${contextOf('a')}?auth=${ATTACKED.env}`,
  ]) {
    test(`a connection has one stream at most: ${path.split('/').slice(1, 3).join('/')}`, async () => {
      await using victim = await startVictim(POD);
      using crowd = new Crowd(victim.port);
      const { memory } = await victim.survives(async () => {
        await Promise.all(
          Array.from({ length: 20 }, () => crowd.open().write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(2_000))),
        );
        await settled(victim);
        assert.ok((await victim.metric('flagrelay_streams')) <= 20);
      });
      assert.ok(memory.after - memory.before < 60, `${memory.before} → ${memory.after} MiB`);
      assert.ok((await victim.metric('flagrelay_connections_cut_total', { reason: 'pipelined' })) > 0);
      crowd[Symbol.dispose]();
      await eventually(async () => assert.equal(await victim.metric('flagrelay_streams'), 0));
    });
  }

  test('requests that come together are answered in their order, and the last may be a stream', async () => {
    await using victim = await startVictim();
    using connection = new RawConnection(victim.port);
    const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
    const body = '{"kind":"user","key":"a"}';
    const report = `REPORT /sdk/evalx/${ATTACKED.env}/context HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    await connection.write(
      get('/nosuch') + report + get(`/sdk/evalx/${ATTACKED.env}/contexts/!`) + get(`/ping/${ATTACKED.env}`),
    );
    await eventually(() => assert.match(connection.received, /event: ping/));
    const statuses = [...connection.received.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
    assert.deepEqual(statuses, ['404', '200', '400', '200']);
    assert.equal(await victim.metric('flagrelay_streams'), 1);
  });
});

describe('heads', () => {
  test('that never end are bounded all together, whoever sends them', async () => {
    await using victim = await startVictim({ ...POD, env: { HEAD_MEMORY: '16MiB' } });
    using crowd = new Crowd(victim.port);
    const part = `GET /${'a'.repeat(200_000)}`;
    const { memory } = await victim.survives(async () => {
      for (let count = 0; count < 400; count++) await crowd.open().write(part);
      await eventually(async () => {
        assert.ok((await victim.metric('flagrelay_connections_cut_total', { reason: 'heads' })) >= 300);
      }, 20_000);
    });
    assert.ok(memory.peak - memory.before < 120, `${memory.before} → ${memory.peak} MiB`);
  });

  test('above the limit are 431; it can be set', async () => {
    await using victim = await startVictim({ env: { MAX_HEADER_SIZE: '16KiB' } });
    const answer = await ask(victim.port, '/status', { headers: { 'X-Long': 'x'.repeat(20_000) } });
    assert.equal(answer.status, 431);
  });

  test('with two hosts are 400, on both ports', async () => {
    await using victim = await startVictim();
    for (const port of [victim.port, victim.opsPort]) {
      for (const hosts of ['Host: a\r\nHost: b', 'Host: a\r\nhost: a', 'HOST: a\r\nX: y\r\nhOst: b']) {
        using connection = new RawConnection(port);
        await connection.write(`GET /livez HTTP/1.1\r\n${hosts}\r\n\r\n`);
        await eventually(() => assert.match(connection.received, /^HTTP\/1\.1 400 /));
      }
    }
  });
});

describe('clients that do not read', () => {
  const flags = Object.fromEntries(
    Array.from({ length: 2_000 }, (_, index) => [
      `flag-${index}`,
      simpleFlag(`flag-${index}`, 1, { variations: ['v'.repeat(8_000), 'w'] }),
    ]),
  );
  const large = (key: string) =>
    `GET /sdk/evalx/${ATTACKED.env}/contexts/${contextOf(key)} HTTP/1.1\r\nHost: x\r\n\r\n`;

  test('are cut after a while', async () => {
    await using victim = await startVictim({ flags, env: { UNREAD_TIMEOUT: '2s' } });
    using crowd = new Crowd(victim.port);
    await victim.survives(async () => {
      for (let count = 0; count < 5; count++) {
        const connection = crowd.open();
        connection.socket.pause();
        await connection.write(large(`u${count}`));
      }
      await eventually(
        async () => assert.equal(await victim.metric('flagrelay_memory_bytes', { of: 'answers' }), 0),
        30_000,
      );
      await eventually(async () => {
        assert.equal(await victim.metric('flagrelay_connections_cut_total', { reason: 'unread' }), 5);
      }, 30_000);
    });
  });

  test('hold a bounded part of the memory all together; who reads is served', async () => {
    await using victim = await startVictim({ ...POD, flags, env: { ANSWER_MEMORY: '48MiB' } });
    using crowd = new Crowd(victim.port);
    const { memory } = await victim.survives(async () => {
      for (let count = 0; count < 40; count++) {
        const connection = crowd.open();
        connection.socket.pause();
        await connection.write(large(`u${count}`));
      }
      await eventually(async () => {
        assert.ok((await victim.metric('flagrelay_connections_cut_total', { reason: 'answers' })) > 30);
      }, 30_000);
      const whole = await ask(victim.port, `/sdk/evalx/${ATTACKED.env}/contexts/${contextOf('reader')}`);
      assert.equal(Object.keys(JSON.parse(whole.text) as object).length, 2_000);
    });
    assert.ok(memory.peak < 450, `${memory.peak} MiB`);
  });
});

describe('connections and streams', () => {
  const OCCUPY: Readonly<Record<string, string>> = {
    'nothing at all': '',
    'half a head': 'GET /status HTTP/1.1\r\nHost: x\r\n',
    'a request, and then nothing': 'GET /nosuch HTTP/1.1\r\nHost: x\r\n\r\n',
    'a body that does not end': `REPORT /sdk/evalx/${ATTACKED.env}/context HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{`,
  };
  for (const [what, text] of Object.entries(OCCUPY)) {
    test(`more connections than there may be lock nobody out: they send ${what}`, async () => {
      await using victim = await startVictim({ env: { MAX_CONNECTIONS: '50' } });
      using crowd = new Crowd(victim.port);
      await victim.survives(async () => {
        for (let count = 0; count < 300; count++) {
          await crowd.open().write(text);
          if (count % 20 !== 0) continue;
          const server = await openStream(victim.port, '/all', { headers: { Authorization: NEIGHBOUR.sdk } });
          assert.equal(server.status, 200);
          server.close();
        }
        await eventually(() => assert.ok(crowd.closed >= 240));
      });
      assert.ok((await victim.metric('flagrelay_connections')) <= 51);
      assert.ok((await victim.metric('flagrelay_connections_cut_total', { reason: 'full' })) >= 240);
    });
  }

  test('all public keys together leave room for servers, and each finds some', async () => {
    await using victim = await startVictim({ env: { MAX_CONNECTIONS: '160' } });
    using crowd = new Crowd(victim.port);
    await victim.survives(async () => {
      for (const path of [`/ping/${ATTACKED.env}`, `/eval/${ATTACKED.env}/${contextOf('a')}`]) {
        for (let count = 0; count < 150; count++) await crowd.open().write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
      }
      for (let count = 0; count < 150; count++) {
        await crowd.open().write(`GET /mping HTTP/1.1\r\nHost: x\r\nAuthorization: ${ATTACKED.mobile}\r\n\r\n`);
      }
      // 140 of 160 for all of them; six sevenths of that for the first.
      await eventually(async () => assert.ok((await victim.metric('flagrelay_streams')) >= 120));
      assert.ok((await victim.metric('flagrelay_streams')) <= 140);
      const page = await openStream(victim.port, `/ping/${NEIGHBOUR.env}`);
      assert.equal(page.status, 200);
      page.close();
      const servers = await Promise.all(
        Array.from({ length: 15 }, () =>
          openStream(victim.port, '/all', { headers: { Authorization: NEIGHBOUR.sdk } }),
        ),
      );
      assert.deepEqual([...new Set(servers.map(({ status }) => status))], [200]);
      for (const server of servers) server.close();
    });
  });

  test('streams of one public ID leave room for others', async () => {
    await using victim = await startVictim({ env: { MAX_CONNECTIONS: '100' } });
    using crowd = new Crowd(victim.port);
    await victim.survives(async () => {
      for (let count = 0; count < 90; count++)
        await crowd.open().write(`GET /ping/${ATTACKED.env} HTTP/1.1\r\nHost: x\r\n\r\n`);
      await eventually(async () => assert.equal(await victim.metric('flagrelay_streams_shed_total'), 15));
      assert.equal(await victim.metric('flagrelay_streams'), 75);
    });
    const shed = await ask(victim.port, `/ping/${ATTACKED.env}`);
    assert.equal(shed.status, 503);
    assert.equal(shed.headers['retry-after'], '1');
    assert.equal(shed.headers['access-control-allow-origin'], '*');
    // One address has as many as one ID, by default: servers are not limited.
    const server = await openStream(victim.port, '/all', { headers: { Authorization: NEIGHBOUR.sdk } });
    assert.equal(server.status, 200);
    server.close();
    crowd[Symbol.dispose]();
    await eventually(async () => assert.equal(await openedAndClosed(victim, `/ping/${ATTACKED.env}`), 200));
  });

  test('a pod of the usual size takes 10,000 streams of one page from one address', { timeout: 120_000 }, async () => {
    await using victim = await startVictim(POD);
    using crowd = new Crowd(victim.port);
    const head = `GET /eval/${ATTACKED.env}/${contextOf('a')} HTTP/1.1\r\nHost: x\r\n\r\n`;
    const { memory } = await victim.survives(async () => {
      for (let count = 0; count < 10_000; count += 100) {
        await Promise.all(Array.from({ length: 100 }, () => crowd.open().write(head)));
      }
      await eventually(async () => assert.equal(await victim.metric('flagrelay_streams'), 10_000), 60_000);
    });
    assert.equal(await victim.metric('flagrelay_streams_shed_total'), 0);
    assert.equal(await victim.metric('flagrelay_connections_refused_total'), 0);
    assert.ok(memory.peak < 400, `${memory.peak} MiB`);
  });

  test('limits of servers, by key and by address', async () => {
    const env = { MAX_STREAMS_PER_CREDENTIAL: '1', MAX_STREAMS_PER_ADDRESS: '2' };
    await using victim = await startVictim({ env });
    const open = (sdk: string, path = '/all') => openStream(victim.port, path, { headers: { Authorization: sdk } });
    const first = await open(ATTACKED.sdk);
    assert.equal(first.status, 200);
    assert.equal((await open(ATTACKED.sdk, '/sdk/stream')).status, 503);
    const second = await open(NEIGHBOUR.sdk);
    assert.equal(second.status, 200);
    assert.equal((await open(NEIGHBOUR.sdk)).status, 503);
    first.close();
    second.close();
  });

  test('TLS handshakes that are not completed are closed', { timeout: 60_000 }, async () => {
    using ca = createTestCa();
    const { certFile, keyFile } = ca.server;
    const env = { TLS_ENABLED: 'true', TLS_CERT: certFile, TLS_KEY: keyFile };
    await using victim = await startVictim({ env: { ...env, MAX_CONNECTIONS: '40' } });
    using crowd = new Crowd(victim.port);
    for (let count = 0; count < 50; count++) await crowd.open().write(Buffer.from([0x16, 0x03, 0x01]));
    await eventually(() => assert.ok(crowd.closed >= 10));
    // They lock nobody out meanwhile.
    const other = connectTls({ port: victim.port, host: '127.0.0.1', rejectUnauthorized: false });
    await new Promise((resolve) => other.once('secureConnect', resolve));
    assert.ok(crowd.closed < 50);
    other.destroy();
    await eventually(() => assert.equal(crowd.closed, 50), 30_000);
    const socket = connectTls({ port: victim.port, host: '127.0.0.1', rejectUnauthorized: false });
    await new Promise((resolve) => socket.once('secureConnect', resolve));
    socket.destroy();
  });
});

/** The status alone: the answer may have a head that Node's client does not take. */
async function statusOf(
  port: number,
  url: string,
  { method = 'GET', headers = {}, body = '' }: Ask = {},
): Promise<number> {
  using connection = new RawConnection(port);
  const first = Promise.withResolvers<string>();
  connection.socket.once('data', (chunk: Buffer) => first.resolve(chunk.toString('latin1')));
  connection.socket.once('close', () => first.reject(new Error('closed without an answer')));
  const lines = Object.entries({ Host: 'x', 'Content-Length': String(body.length), ...headers });
  const head = [`${method} ${url} HTTP/1.1`, ...lines.map(([name, value]) => `${name}: ${value}`)].join('\r\n');
  await connection.write(`${head}\r\n\r\n${body.toString()}`);
  return Number(/^HTTP\/1\.1 (\d+)/.exec(await first.promise)?.[1]);
}

async function openedAndClosed(victim: Victim, path: string): Promise<number> {
  const stream = await openStream(victim.port, path);
  stream.close();
  return stream.status;
}

describe('requests', () => {
  test('for goals: upstream is asked by a few at a time, the others are told to come back', async () => {
    let asked = 0;
    const upstream = createServer(() => {
      asked += 1;
    });
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    const uri = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
    try {
      await using victim = await startVictim({ env: { CLIENT_SIDE_BASE_URI: uri } });
      const { result } = await victim.survives(() =>
        Promise.all(
          Array.from({ length: 200 }, (_, index) =>
            ask(victim.port, `/sdk/goals/${ATTACKED.env}?q=${index}`).then(
              ({ status }) => status,
              () => undefined,
            ),
          ),
        ),
      );
      assert.equal(asked, 24);
      assert.equal(result.filter((status) => status === 503).length, 176);
      assert.equal(await victim.metric('flagrelay_goals_shed_total'), 176);
    } finally {
      upstream.closeAllConnections();
      upstream.close();
    }
  });

  test('for goals: those of one environment leave places for those of another, and long questions are not kept', async () => {
    let answers = false;
    const asked: string[] = [];
    const upstream = createServer({ maxHeaderSize: 262_144 }, (request, response) => {
      asked.push(request.url ?? '');
      if (answers || request.url?.includes(NEIGHBOUR.env) === true) {
        response.writeHead(200, { 'Cache-Control': 'max-age=60' }).end('[]');
      }
    });
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    const uri = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
    try {
      await using victim = await startVictim({ env: { CLIENT_SIDE_BASE_URI: uri } });
      const held = Array.from({ length: 100 }, (_, index) =>
        ask(victim.port, `/sdk/goals/${ATTACKED.env}?q=${index}`).catch(() => undefined),
      );
      await eventually(async () => assert.ok((await victim.metric('flagrelay_goals_shed_total')) >= 76));
      assert.equal((await ask(victim.port, `/sdk/goals/${NEIGHBOUR.env}`)).status, 200);
      answers = true;
      upstream.closeAllConnections();
      await Promise.all(held);
      for (const [query, times] of [
        ['s'.repeat(1_000), 1],
        ['l'.repeat(100_000), 2],
      ] as const) {
        for (let count = 0; count < 2; count++) {
          assert.equal((await ask(victim.port, `/sdk/goals/${NEIGHBOUR.env}?${query}`, {})).status, 200);
        }
        assert.equal(asked.filter((url) => url.endsWith(query)).length, times);
      }
    } finally {
      upstream.closeAllConnections();
      upstream.close();
    }
  });

  test('with lists, paths and queries as long as they may be take no time', async () => {
    await using victim = await startVictim();
    const long = 250_000;
    const fill = (piece: string) => piece.repeat(Math.floor(long / piece.length));
    const path = `/sdk/evalx/${ATTACKED.env}/contexts/${contextOf('a')}`;
    const ofrep = { method: 'POST', body: '{"context":{"targetingKey":"a"}}' };
    const bearer = { Authorization: `Bearer ${ATTACKED.env}` };
    const requests: readonly (readonly [string, Ask])[] = [
      [`/status?expect=${fill('a.')}b=x`, {}],
      [`/status?${fill('expect=status=x&')}`, {}],
      [`/status?expect=${fill('a')}`, {}],
      [`/status/${fill('a')}`, {}],
      [`/${fill('a/')}/x`, {}],
      [`/${fill('../')}`, {}],
      [`/${fill('%ff')}`, {}],
      [`${path}?${fill('%61&')}`, {}],
      [`${path}?${fill('withReasons&')}`, {}],
      [path, { headers: { 'Accept-Encoding': fill('gzip;q=0,') } }],
      [path, { headers: { 'Accept-Encoding': `gzip${fill(' ')}x` } }],
      [path, { headers: { 'If-None-Match': fill('"a",') } }],
      [path, { method: 'OPTIONS', headers: { 'Access-Control-Request-Headers': fill('a,') } }],
      [path, { headers: { Origin: fill('a') } }],
      ['/ofrep/v1/evaluate/flags', { ...ofrep, headers: { ...bearer, 'If-None-Match': fill('W/"a",') } }],
      ['/ofrep/v1/evaluate/flags', { ...ofrep, headers: { Authorization: `Bearer${fill(' ')}a b` } }],
      [
        `/sdk/evalx/${ATTACKED.env}/context`,
        { method: 'REPORT', headers: { 'Content-Type': `application/json${fill(' ')}x` } },
      ],
      [
        `/events/bulk/${ATTACKED.env}`,
        { method: 'POST', body: '[]', headers: { 'X-LaunchDarkly-Tags': fill('a/b ') } },
      ],
    ];
    for (const [url, options] of requests) {
      const { livezMs } = await victim.survives(async () => {
        const status = await statusOf(victim.port, url, options);
        assert.ok(status < 600 && status !== 500 && status !== 502, `${status} for ${url.slice(0, 60)}`);
      });
      assert.ok(
        livezMs < 500,
        `${livezMs} ms for ${url.slice(0, 60)} ${JSON.stringify(options.headers ?? {}).slice(0, 60)}`,
      );
    }
  });
});
