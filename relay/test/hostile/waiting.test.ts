import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../../src/testing/eventually.ts';
import { RawConnection } from './support/raw.ts';
import { ATTACKED, startVictim } from './support/victim.ts';

const POD = { nodeArgs: ['--max-old-space-size=317'] };
const POST = `POST /events/bulk/${ATTACKED.env} HTTP/1.1\r\nHost: x\r\n`;
/** Less than Node reads before anybody asks for the body. */
const BODY = 'b'.repeat(60_000);

describe('requests that wait behind a stream take little memory together', () => {
  for (const [name, request] of [
    ['long paths', `GET /${'a'.repeat(250_000)} HTTP/1.1\r\nHost: x\r\n\r\n`],
    ['bodies', `${POST}Content-Length: ${BODY.length}\r\n\r\n${BODY}`],
    [
      'bodies in chunks',
      `${POST}Transfer-Encoding: chunked\r\n\r\n${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`,
    ],
  ] as const) {
    test(name, async () => {
      await using victim = await startVictim(POD);
      const connections: RawConnection[] = [];
      try {
        const { memory } = await victim.survives(async () => {
          for (let count = 0; count < 30; count++) {
            const connection = new RawConnection(victim.port);
            connections.push(connection);
            // Together with another request, so that the stream is an ordinary response and its connection is read.
            const other = 'GET /a HTTP/1.1\r\nHost: x\r\n\r\n';
            await connection.write(`GET /ping/${ATTACKED.env} HTTP/1.1\r\nHost: x\r\n\r\n${other}`);
            await eventually(() => assert.match(connection.received, /event: ping/));
            for (let sent = 0; sent < 200 && !connection.closed; sent += 10) {
              await Promise.race([connection.write(request.repeat(10)), pause(1_000)]);
            }
          }
        });
        assert.ok(memory.peak - memory.before < 120, `${memory.before} → ${memory.peak} MiB`);
        assert.ok((await victim.metric('flagrelay_connections_cut_total', { reason: 'pipelined' })) > 0);
      } finally {
        for (const connection of connections) connection[Symbol.dispose]();
      }
    });
  }
});

test('the body of a request for a stream is not kept', async () => {
  await using victim = await startVictim(POD);
  const context = Buffer.from('{"kind":"user","key":"a"}').toString('base64url');
  for (const path of [
    `/ping/${ATTACKED.env}`,
    `/eval/${ATTACKED.env}/${context}`,
    `/sdk/stream/eval/${context}?auth=${ATTACKED.env}`,
  ]) {
    using connection = new RawConnection(victim.port);
    const length = 20 * 1024 * 1024;
    await victim.survives(async () => {
      await connection.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`);
      await eventually(() => assert.match(connection.received, /event: /));
      // What is not read does not leave: the kernel's buffers take a few MB.
      let written = false;
      void connection.write(Buffer.alloc(length - 1)).then(() => {
        written = true;
      });
      await eventually(() => assert.ok(written), 10_000);
    });
    assert.equal(connection.closed, false);
  }
});
