import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { ask } from '../../src/testing/client.ts';
import { eventually } from '../../src/testing/eventually.ts';
import { simpleFlag } from '../../src/testing/relay.ts';
import { RawConnection } from './support/raw.ts';
import { ATTACKED, startVictim, type Victim } from './support/victim.ts';

const POD = ['--max-old-space-size=317', '--max-semi-space-size=8'];
const MIB = 1024 * 1024;
const json = { 'Content-Type': 'application/json' };

/** Flags that make an evaluation dear: versions, patterns and rollouts. */
function dearFlags(): Record<string, unknown> {
  const clauses = Array.from({ length: 60 }, (_, index) => ({
    attribute: 'v',
    op: 'semVerGreaterThan',
    values: [`${index}.0.0`],
  }));
  const halves = [0, 1].map((variation) => ({ variation, weight: 50_000 }));
  return Object.fromEntries(
    Array.from({ length: 100 }, (_, index) => {
      const key = `flag-${index}`;
      const rules = clauses.map((clause) => ({ clauses: [{ ...clause, negate: true }], variation: 1 }));
      return [key, simpleFlag(key, 1, index === 0 ? { rules } : { fallthrough: { rollout: { variations: halves } } })];
    }),
  );
}

/** An events service and client-side service that refuses, or says nothing. */
async function startService(status: number | undefined): Promise<{ readonly server: Server; readonly url: string }> {
  const server = createServer((request, response) => {
    request.resume();
    if (status !== undefined) request.on('end', () => response.writeHead(status).end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const report = (victim: Victim, body: Buffer) =>
  ask(victim.port, `/sdk/evalx/${ATTACKED.env}/context`, { method: 'REPORT', headers: json, body });

const post = (victim: Victim, body: Buffer, schema: string) =>
  ask(victim.port, `/events/bulk/${ATTACKED.env}`, {
    method: 'POST',
    headers: { ...json, 'Content-Encoding': 'gzip', 'X-LaunchDarkly-Event-Schema': schema },
    body,
  });

const smallEvent = (more: string) =>
  `[{"kind":"identify","creationDate":1,"context":{"kind":"user","key":"a"}}${more}]`;
const indexes = (count: number, length: number) =>
  gzipSync(
    `[${Array.from({ length: count }, (_, index) => `{"kind":"identify","creationDate":1,"context":{"kind":"user","key":"${index}${'k'.repeat(length)}"}}`).join(',')}]`,
  );

/** What one stranger does over and over, by kind. */
const KINDS: Readonly<Record<string, (victim: Victim) => Promise<unknown>>> = {
  'long version': (victim) => report(victim, LONG_VERSION),
  'long key': (victim) => report(victim, LONG_KEY),
  'many members': (victim) => report(victim, MANY_MEMBERS),
  goals: (victim) => ask(victim.port, `/sdk/goals/${ATTACKED.env}?q=${Math.random()}`),
  'large events': (victim) => post(victim, LARGE_BATCH, '4'),
  'summarised events': (victim) => post(victim, PADDED_BATCH, '1'),
  'contexts to remember': (victim) => post(victim, CONTEXTS, '1'),
  'long expectations': (victim) => ask(victim.port, EXPECTATION),
  'unfinished heads': async (victim) => {
    using connection = new RawConnection(victim.port);
    await connection.write(`GET /${'a'.repeat(250_000)}`);
    await pause(500);
  },
  'unread answers': async (victim) => {
    using connection = new RawConnection(victim.port);
    connection.socket.pause();
    await connection.write(
      `GET /sdk/evalx/${ATTACKED.env}/contexts/${Buffer.from('{"kind":"user","key":"u"}').toString('base64url')} HTTP/1.1\r\nHost: x\r\n\r\n`,
    );
    await pause(500);
  },
  pipelines: async (victim) => {
    using connection = new RawConnection(victim.port);
    await connection.write(`GET /ping/${ATTACKED.env} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(300));
    await pause(200);
  },
};
// Made once: the probes run in the same process.
const LONG_VERSION = Buffer.from(`{"kind":"user","key":"a","v":"${'9'.repeat(MIB - 200)}.0.0"}`);
const LONG_KEY = Buffer.from(`{"kind":"user","key":"${'k'.repeat(MIB - 100)}"}`);
const MANY_MEMBERS = Buffer.from(
  `{"kind":"user","key":"a",${Array.from({ length: 19_000 }, (_, index) => `"k${index}":"${'v'.repeat(40)}"`).join()}}`,
);
const LARGE_BATCH = gzipSync(`[{"kind":"custom","key":"${'a'.repeat(4_900_000)}"}]`);
const PADDED_BATCH = gzipSync(smallEvent(`${' '.repeat(4_900_000)}`));
const EXPECTATION = `/status?expect=${'a.'.repeat(100_000)}b=x`;
const CONTEXTS = indexes(20, 240_000);

describe('a stranger who knows the ID of a page, in a pod of the usual size', () => {
  let refusing: Awaited<ReturnType<typeof startService>>;
  let silent: Awaited<ReturnType<typeof startService>>;
  let victim: Victim;
  before(async () => {
    [refusing, silent] = await Promise.all([startService(401), startService(undefined)]);
    victim = await startVictim({
      nodeArgs: POD,
      flags: dearFlags(),
      env: { USE_EVENTS: 'true', EVENTS_HOST: refusing.url, CLIENT_SIDE_BASE_URI: silent.url },
    });
  });
  after(async () => {
    await victim[Symbol.asyncDispose]();
    for (const { server } of [refusing, silent]) {
      server.closeAllConnections();
      server.close();
    }
  });

  for (const [kind, attack] of Object.entries(KINDS)) {
    test(`${kind}: twenty at once`, async () => {
      const { memory } = await victim.survives(() =>
        Promise.all(
          Array.from({ length: 20 }, async () => {
            for (let count = 0; count < 3; count++) await attack(victim).catch(() => undefined);
          }),
        ),
      );
      assert.ok(memory.peak < 480, `${memory.peak} MiB`);
    });
  }

  test('everything at once', { timeout: 120_000 }, async () => {
    const { memory } = await victim.survives(() =>
      Promise.all(
        Object.values(KINDS).map(async (attack) => {
          const end = performance.now() + 10_000;
          while (performance.now() < end) await attack(victim).catch(() => undefined);
        }),
      ),
    );
    assert.ok(memory.peak < 500, `${memory.peak} MiB`);
  });

  test('batches of 20 MB in 20 KB are refused, and smaller ones are not kept while upstream refuses', async () => {
    const large = gzipSync(smallEvent(' '.repeat(20_000_000)));
    const { memory, result } = await victim.survives(async () => {
      const statuses: number[] = [];
      for (let count = 0; count < 60; count++) {
        statuses.push((await post(victim, large, '1')).status, (await post(victim, PADDED_BATCH, '1')).status);
      }
      return statuses;
    });
    assert.ok(
      result.every((status) => [202, 413, 503].includes(status)),
      result.join(),
    );
    assert.ok(memory.after < 450, `${memory.after} MiB`);
  });
});

test('connections that say little are cut, whatever they say', { timeout: 200_000 }, async () => {
  await using victim = await startVictim({ nodeArgs: POD });
  const connections: RawConnection[] = [];
  const kinds: readonly ((connection: RawConnection) => unknown)[] = [
    () => undefined,
    (connection) => connection.write('G'),
    (connection) => {
      void connection.write('GET / HTTP/1.1\r\n');
      const timer = setInterval(() => {
        if (connection.closed) clearInterval(timer);
        else void connection.write('X: y\r\n');
      }, 1_000);
      connection.socket.once('close', () => clearInterval(timer));
    },
    (connection) =>
      connection.write(`POST /events/bulk/${ATTACKED.env} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n[`),
    (connection) =>
      connection.write(
        `REPORT /sdk/evalx/${ATTACKED.env}/context HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`,
      ),
  ];
  try {
    const { memory } = await victim.survives(async () => {
      for (let count = 0; count < 2_500; count++) {
        const connection = new RawConnection(victim.port);
        connections.push(connection);
        await kinds[count % kinds.length]!(connection);
      }
      await eventually(
        () => assert.ok(connections.filter((_, index) => index % 5 < 3).every(({ closed }) => closed)),
        30_000,
      );
      await eventually(() => assert.ok(connections.every(({ closed }) => closed)), 90_000);
    });
    assert.ok(memory.peak - memory.before < 120, `${memory.before} → ${memory.peak} MiB`);
  } finally {
    for (const connection of connections) connection[Symbol.dispose]();
  }
});
