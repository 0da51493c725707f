import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { RelayDocument } from '../../src/config/document.ts';
import { relayDocument } from '../../src/config/document.ts';
import { startDaemon } from '../../src/modes/daemon/daemon.ts';
import { ask, openStream } from '../../src/testing/client.ts';
import { eventually } from '../../src/testing/eventually.ts';
import { freePort } from '../../src/testing/program.ts';
import { startRedis } from '../../src/testing/redis.ts';
import { SILENT } from '../../src/testing/relay.ts';
import { toggles } from './toggles.ts';

// A dialect that the core has never seen runs through everything that the core does.

const MAIN = new URL('./main.ts', import.meta.url).pathname;
const headers = { Authorization: 'the key' };

/** A folder with the data of one environment. */
function setUp(closers: AsyncDisposableStack) {
  const directory = mkdtempSync(join(tmpdir(), 'flagrelay-dialect-'));
  closers.defer(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'data.json');
  const write = (content: object): void => {
    writeFileSync(`${file}.new`, JSON.stringify(content));
    renameSync(`${file}.new`, file);
  };
  write({ flags: { a: { v: 1 }, b: { v: 2 } } });
  return { directory, file, write };
}

/** Starts a relay of the dialect in a process of its own. */
async function start(closers: AsyncDisposableStack, file: string, document: RelayDocument = {}) {
  const DOCUMENT = JSON.stringify({
    ...document,
    server: { port: 0, drainMs: 400, ...document.server },
    ops: { port: await freePort() },
    upstream: { onInitTimeout: 'continue', ...document.upstream },
  });
  const TOGGLES = `one=the key=${file}`;
  const child = fork(MAIN, { env: { PATH: process.env.PATH, DOCUMENT, TOGGLES } });
  closers.defer(() => void child.kill('SIGKILL'));
  const [{ port, opsPort }] = (await once(child, 'message')) as [{ port: number; opsPort: number }];
  const ready = () => eventually(async () => assert.equal((await ask(opsPort, '/readyz')).status, 200), 30_000);
  const list = async () => JSON.parse((await ask(port, '/toggles', { headers })).text) as unknown;
  return { child, port, opsPort, ready, list };
}

async function endOf(child: ChildProcess): Promise<unknown> {
  child.kill('SIGTERM');
  return (await once(child, 'exit'))[0];
}

/** Everything that clients see of it. */
async function serves({ port, list }: Awaited<ReturnType<typeof start>>, write: (content: object) => void) {
  assert.deepEqual(await list(), [
    ['a', 1],
    ['b', 2],
  ]);
  assert.equal((await ask(port, '/toggles', { headers: { Authorization: 'a guess' } })).status, 401);
  assert.equal((await ask(port, '/health')).text, '[["one","VALID"]]');
  assert.equal((await ask(port, '/status')).status, 404);
  const stream = await openStream(port, '/toggles/stream', { headers });
  await stream.until(() => stream.events().length === 1);
  write({ patch: { a: { v: 7 } } });
  // The source may have been asked for everything once more, after the store was busy.
  await stream.until(() => stream.events().at(-1)?.event === 'one');
  const told = stream.events();
  assert.deepEqual(told[0], { event: 'all', data: '[["a",1],["b",2]]' });
  assert.deepEqual(told.at(-1), { event: 'one', data: '{"v":7}' });
  await eventually(async () =>
    assert.deepEqual(await list(), [
      ['a', 7],
      ['b', 2],
    ]),
  );
  return stream;
}

test('in memory: routes, streams, credentials, status, and a drain that ends the streams', {
  timeout: 120_000,
}, async () => {
  await using closers = new AsyncDisposableStack();
  const { file, write } = setUp(closers);
  const relay = await start(closers, file);
  await relay.ready();
  const stream = await serves(relay, write);
  const metrics = (await ask(relay.opsPort, '/metrics')).text;
  assert.match(metrics, /flagrelay_streams\{kind="toggles",platform="app"\} 1/);
  assert.match(metrics, /flagrelay_environment_connected\{environment="one"\} 1/);
  assert.equal(await endOf(relay.child), 0);
  await stream.until(stream.closed);
});

test('in two workers: one source feeds both', { timeout: 120_000 }, async () => {
  await using closers = new AsyncDisposableStack();
  const { file, write } = setUp(closers);
  const relay = await start(closers, file, { server: { workers: 2 } });
  await relay.ready();
  const stream = await serves(relay, write);
  assert.match((await ask(relay.opsPort, '/metrics')).text, /flagrelay_workers 2/);
  assert.equal(await endOf(relay.child), 0);
  await stream.until(stream.closed);
});

test('in Redis, in the layout of the dialect: a relay without its source serves what another one has written', {
  timeout: 120_000,
}, async () => {
  await using closers = new AsyncDisposableStack();
  const redis = closers.use(await startRedis());
  const { file, write } = setUp(closers);
  const store = { redis: { url: redis.url, cacheTtlMs: 50 } };
  const first = await start(closers, file, { store });
  await first.ready();
  await serves(first, write);
  assert.deepEqual(await redis.client.hgetall('toggles:switches'), { a: '{"v":7}', b: '{"v":2}' });
  const second = await start(closers, `${file}.none`, { store, upstream: { initTimeoutMs: 300 } });
  await second.ready();
  assert.deepEqual(await second.list(), [
    ['a', 7],
    ['b', 2],
  ]);
});

test('on disk: what an earlier run had is served before the source answers', { timeout: 120_000 }, async () => {
  await using closers = new AsyncDisposableStack();
  const { directory, file } = setUp(closers);
  const snapshot = { directory: join(directory, 'snapshots') };
  const first = await start(closers, file, { snapshot });
  await first.ready();
  assert.equal(await endOf(first.child), 0);
  const second = await start(closers, `${file}.none`, { snapshot });
  await second.ready();
  assert.deepEqual(await second.list(), [
    ['a', 1],
    ['b', 2],
  ]);
});

test('in daemon mode: the store is filled, and nobody is served', { timeout: 120_000 }, async () => {
  await using closers = new AsyncDisposableStack();
  const redis = closers.use(await startRedis());
  const { file } = setUp(closers);
  process.env.TOGGLES = `one=the key=${file}`;
  const daemon = await startDaemon(
    relayDocument.parse({ mode: 'daemon', ops: { port: 0 }, store: { redis: { url: redis.url } } }),
    { dialect: toggles, logger: SILENT, env: {}, fatal: (error) => assert.fail(error) },
  );
  closers.defer(() => daemon.close());
  await eventually(async () => assert.equal(await redis.client.hget('toggles:switches', 'b'), '{"v":2}'));
  assert.equal(daemon.port, undefined);
});
