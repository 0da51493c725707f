import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ask } from '../../src/testing/client.ts';
import { eventually } from '../../src/testing/eventually.ts';
import { RawConnection } from './support/raw.ts';
import { ATTACKED, startVictim, type Victim } from './support/victim.ts';

/** The heap of a pod of 512Mi. */
const POD = { nodeArgs: ['--max-old-space-size=317'] };
const MIB = 1024 * 1024;
const json = { 'Content-Type': 'application/json' };

/** Every way to send a context in a body, with nothing but the client-side ID that any page shows. */
const ENDPOINTS = [
  ['REPORT', `/sdk/evalx/${ATTACKED.env}/context`, json],
  ['REPORT', `/eval/${ATTACKED.env}`, json],
  ['POST', '/sdk/poll/eval', { ...json, Authorization: ATTACKED.env }],
  ['POST', '/sdk/stream/eval', { ...json, Authorization: ATTACKED.env }],
  ['POST', '/ofrep/v1/evaluate/flags', { ...json, Authorization: `Bearer ${ATTACKED.env}` }],
] as const;

const contextOf = (path: string, rest: string) =>
  path.startsWith('/ofrep') ? `{"context":{"targetingKey":"a",${rest}}}` : `{"kind":"user","key":"a",${rest}}`;

/** Costly members of a context that is just below 1 MiB, and how they may be answered. */
const SHAPES: readonly (readonly [string, string, readonly number[]])[] = [
  ['empty arrays', `"x":[${'[],'.repeat(340_000)}1]`, [400]],
  ['small numbers', `"x":[${'1,'.repeat(500_000)}1]`, [400]],
  ['depth', `"x":${'['.repeat(500_000)}${']'.repeat(500_000)}`, [400]],
  ['90,000 keys', Array.from({ length: 90_000 }, (_, index) => `"k${index}":1`).join(','), [400]],
  ['19,000 keys', Array.from({ length: 19_000 }, (_, index) => `"k${index}":"${'v'.repeat(40)}"`).join(','), [200]],
  ['one long string', `"x":"${'a'.repeat(MIB - 100)}"`, [200]],
  ['escapes', `"x":"${'\\u0001'.repeat(170_000)}"`, [200]],
];

describe('bodies', () => {
  let victim: Victim;
  before(async () => {
    victim = await startVictim(POD);
  });
  after(() => victim[Symbol.asyncDispose]());

  for (const [method, path, headers] of ENDPOINTS) {
    test(`${method} ${path.replace(ATTACKED.env, 'ID')}: 12 MB are refused before they are parsed`, async () => {
      const body = Buffer.from(contextOf(path, `"x":[${'[],'.repeat(4_000_000)}1]`));
      const { memory } = await victim.survives(async () => {
        // The relay answers before it has read all, and closes: the client may not see the answer.
        const answer = await ask(victim.port, path, { method, headers, body }).catch(() => undefined);
        assert.ok(answer === undefined || answer.status === 413, String(answer?.status));
      });
      assert.ok(memory.peak < 350, `${memory.peak} MiB`);
    });

    for (const [name, rest, statuses] of SHAPES) {
      if (path.startsWith('/eval') || path.includes('stream')) continue;
      test(`${method} ${path.replace(ATTACKED.env, 'ID')}: 1 MiB of ${name}`, async () => {
        await victim.survives(async () => {
          const answers = await Promise.all(
            Array.from({ length: 4 }, () => ask(victim.port, path, { method, headers, body: contextOf(path, rest) })),
          );
          for (const { status, text } of answers)
            assert.ok(statuses.includes(status), `${status} ${text.slice(0, 200)}`);
        });
      });
    }
  }

  test('contexts in paths are bounded like those in bodies', async () => {
    for (const rest of [`"x":[${'1,'.repeat(90_000)}1]`, `"x":${'['.repeat(90_000)}${']'.repeat(90_000)}`]) {
      const encoded = Buffer.from(contextOf('', rest)).toString('base64url');
      await victim.survives(async () => {
        const { status } = await ask(victim.port, `/sdk/evalx/${ATTACKED.env}/contexts/${encoded}`);
        assert.ok([200, 400].includes(status), String(status));
      });
    }
  });

  test('a million chunks of one byte take little more than a million bytes', async () => {
    using connection = new RawConnection(victim.port);
    const { memory } = await victim.survives(async () => {
      await connection.write(
        `REPORT /sdk/evalx/${ATTACKED.env}/context HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
      );
      const piece = Buffer.from('1\r\n \r\n'.repeat(20_000));
      for (let sent = 0; sent < 50 && !connection.closed; sent++) await connection.write(piece);
    });
    assert.ok(memory.after - memory.before < 120, `${memory.before} → ${memory.after} MiB`);
  });

  test('many bodies that stop short of their end do not keep others out', async () => {
    const connections: RawConnection[] = [];
    const half = Buffer.alloc(MIB - 1000, ' ');
    try {
      const { memory } = await victim.survives(async () => {
        for (let count = 0; count < 120; count++) {
          const connection = new RawConnection(victim.port);
          connections.push(connection);
          await connection.write(
            `REPORT /sdk/evalx/${ATTACKED.env}/context HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${MIB}\r\n\r\n`,
          );
          await connection.write(half);
        }
        await eventually(async () => {
          const answer = await ask(victim.port, `/sdk/evalx/${ATTACKED.env}/context`, {
            method: 'REPORT',
            headers: json,
            body: contextOf('', `"x":"${'a'.repeat(100_000)}"`),
          });
          assert.equal(answer.status, 200);
        });
      });
      assert.ok(memory.peak < 400, `${memory.peak} MiB`);
      assert.ok((await victim.metric('flagrelay_memory_refused_total', { of: 'bodies' })) > 0);
      const limit = await victim.metric('flagrelay_memory_limit_bytes', { of: 'bodies' });
      assert.ok((await victim.metric('flagrelay_memory_bytes', { of: 'bodies' })) <= limit);
    } finally {
      for (const connection of connections) connection[Symbol.dispose]();
    }
    await eventually(async () => assert.equal(await victim.metric('flagrelay_memory_bytes', { of: 'bodies' }), 0));
  });
});

describe('bodies of events', () => {
  let upstream: Server;
  let victim: Victim;
  before(async () => {
    upstream = createServer((request, response) => {
      request.resume().on('end', () => response.writeHead(202).end());
    });
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    const events = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
    victim = await startVictim({
      ...POD,
      env: { USE_EVENTS: 'true', EVENTS_HOST: events, EVENTS_FLUSH_INTERVAL: '1s' },
    });
  });
  after(async () => {
    await victim[Symbol.asyncDispose]();
    upstream.closeAllConnections();
    upstream.close();
  });

  const post = (body: Buffer | string, headers: Record<string, string> = {}) =>
    ask(victim.port, `/events/bulk/${ATTACKED.env}`, {
      method: 'POST',
      headers: { ...json, 'X-LaunchDarkly-Event-Schema': '4', ...headers },
      body,
    });
  const gzip = { 'Content-Encoding': 'gzip' };

  for (const [name, body, status] of [
    ['50 MB of empty arrays', gzipSync(`[${'[],'.repeat(16_000_000)}1]`), 413],
    ['3 MB of empty arrays', gzipSync(`[${'[],'.repeat(1_000_000)}1]`), 400],
    ['2 MB of depth', gzipSync(`${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`), 400],
    ['5,000 members of 64 KiB', Buffer.concat(new Array<Buffer>(5_000).fill(gzipSync(' '.repeat(65_536)))), 413],
  ] as const) {
    test(`${name} in a few KB are refused`, async () => {
      const { memory } = await victim.survives(async () => assert.equal((await post(body, gzip)).status, status));
      assert.ok(memory.peak < 350, `${memory.peak} MiB`);
    });
  }

  test('a hundred at once that inflate to 5 MB each: what has no room is 503 with Retry-After', async () => {
    const body = gzipSync(`[{"kind":"custom","key":"${'a'.repeat(4_900_000)}"}]`);
    const { memory, result } = await victim.survives(() =>
      Promise.all(Array.from({ length: 100 }, () => post(body, gzip))),
    );
    const shed = result.filter(({ status }) => status === 503);
    assert.ok(result.every(({ status }) => status === 202 || status === 503));
    assert.ok(shed.length > 0 && shed.length < 100, `${shed.length} of 100`);
    for (const { headers } of shed) assert.equal(headers['retry-after'], '1');
    assert.ok(memory.peak < 512, `${memory.peak} MiB`);
  });

  test('other encodings are not inflated', async () => {
    const body = gzipSync(Buffer.alloc(50 * MIB));
    for (const encoding of ['deflate', 'br', 'zstd', 'gzip, gzip', 'GZIP, x']) {
      await victim.survives(async () => {
        const { status } = await post(body, { 'Content-Encoding': encoding });
        assert.ok([202, 400, 415].includes(status), `${encoding}: ${status}`);
      });
    }
  });
});
