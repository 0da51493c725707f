import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { after, describe, test } from 'node:test';
import { ask, openStream, type StreamClient } from '../../testing/client.ts';
import { eventually } from '../../testing/eventually.ts';
import { endPrograms, freePort, run, serving } from '../../testing/program.ts';
import { KEYS, sampleData, simpleFlag } from '../../testing/relay.ts';
import { startSseServer } from '../../testing/sse-server.ts';

after(endPrograms);
const headers = { Authorization: KEYS.sdk };

/** A relay with three workers and its ops port. */
async function crew() {
  const opsPort = await freePort();
  const relay = await serving({ WORKERS: '3', OPS_PORT: String(opsPort), DRAIN_TIMEOUT: '2s' });
  await eventually(async () => assert.equal((await ask(opsPort, '/readyz')).status, 200), 30_000);
  const metric = async (name: string): Promise<number> => {
    const body = (await ask(opsPort, '/metrics')).body.toString();
    const line = body.split('\n').find((text) => text.startsWith(`${name} `) || text.startsWith(`${name}{`));
    return Number(line?.split(' ').at(-1));
  };
  return { ...relay, opsPort, metric };
}

/** Process ids of the workers. */
function workersOf(pid: number | undefined): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
}

describe('a relay with several workers', () => {
  test('one upstream connection feeds all of them; streams, status and metrics are of the pod', async () => {
    const { upstream, started, port, metric } = await crew();
    const streams: StreamClient[] = [];
    try {
      assert.equal(workersOf(started.child.pid).length, 3);
      for (let i = 0; i < 24; i++) streams.push(await openStream(port, '/all', { headers }));
      assert.equal(upstream.requests(KEYS.sdk), 1);
      upstream.patchFlag(KEYS.sdk, simpleFlag('one', 7));
      for (const stream of streams) {
        await stream.until(() => stream.events().length === 2);
        assert.match(stream.events()[1]?.data ?? '', /"version":7/);
      }
      await eventually(async () => assert.equal(await metric('flagrelay_streams'), 24));
      assert.equal(await metric('flagrelay_ready'), 1);
      assert.equal(await metric('flagrelay_workers'), 3);
      assert.equal(await metric('flagrelay_environments'), 1);
      assert.equal(JSON.parse((await ask(port, '/status')).body.toString()).status, 'healthy');
    } finally {
      for (const stream of streams) stream.close();
      started.child.kill('SIGTERM');
      assert.deepEqual(await started.exited, { code: 0, signal: null });
      await upstream.close();
    }
  });

  test('a worker that dies is started again and gets the data as they are now, without another upstream connection', async () => {
    const { upstream, started, port, opsPort, metric } = await crew();
    try {
      upstream.patchFlag(KEYS.sdk, simpleFlag('one', 9));
      const before = workersOf(started.child.pid);
      process.kill(before[1] ?? 0, 'SIGKILL');
      await eventually(async () => assert.equal(await metric('flagrelay_worker_restarts_total'), 1));
      await eventually(async () => assert.equal((await ask(opsPort, '/readyz')).status, 200), 30_000);
      assert.equal(workersOf(started.child.pid).length, 3);
      // Enough connections that each worker gets some.
      for (let i = 0; i < 24; i++) {
        assert.match((await ask(port, '/sdk/flags/one', { headers })).body.toString(), /"version":9/);
      }
      assert.equal(upstream.requests(KEYS.sdk), 1);
    } finally {
      started.child.kill('SIGTERM');
      assert.deepEqual(await started.exited, { code: 0, signal: null });
      await upstream.close();
    }
  });

  test('SIGTERM ends the streams of all workers politely; no process is left', async () => {
    const { upstream, started, port } = await crew();
    try {
      const streams = await Promise.all(Array.from({ length: 12 }, () => openStream(port, '/all', { headers })));
      const pids = workersOf(started.child.pid);
      started.child.kill('SIGTERM');
      for (const stream of streams) await stream.until(() => stream.closed());
      assert.deepEqual(await started.exited, { code: 0, signal: null });
      for (const pid of pids) assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
      assert.ok(!started.output().includes(KEYS.sdk));
    } finally {
      await upstream.close();
    }
  });

  test('what AutoConfig changes, and what it sends that cannot be used, reaches every worker (contract 8.2)', async () => {
    await using server = await startSseServer();
    const port = await freePort();
    run(['--from-env'], { PORT: String(port), AUTO_CONFIG_KEY: 'rel-1', STREAM_URI: server.url, WORKERS: '3' });
    const rep = (version: number, mobKey: string) => ({
      envID: KEYS.env,
      mobKey,
      sdkKey: { value: KEYS.sdk },
      version,
    });
    const list = await server.next();
    assert.match(list.request.url ?? '', /^\/relay_auto_config/);
    list.event('put', { path: '/', data: { environments: { [KEYS.env]: rep(1, 'mob-old'), bad: { envID: 'bad' } } } });
    const data = await server.next();
    data.event('put', { path: '/', data: sampleData() });
    // Each request is a connection of its own, which the kernel gives to any of the workers.
    const answers = (path: string, key: string) =>
      Promise.all(Array.from({ length: 24 }, () => ask(port, path, { headers: { Authorization: key } })));
    const evalx = `/msdk/evalx/contexts/${Buffer.from('{"kind":"user","key":"a"}').toString('base64url')}`;
    const all = async (key: string, status: number) =>
      assert.deepEqual(new Set((await answers(evalx, key)).map((answer) => answer.status)), new Set([status]));
    await eventually(() => all('mob-old', 200), 30_000);
    for (const { text } of await answers('/status', '')) {
      assert.deepEqual(Object.keys(JSON.parse(text).refusedEnvironments ?? {}), ['bad']);
    }
    list.event('patch', { path: `/environments/${KEYS.env}`, data: rep(2, 'mob-new') });
    await eventually(() => all('mob-new', 200));
    await all('mob-old', 401);
    list.event('delete', { path: `/environments/${KEYS.env}`, version: 3 });
    await eventually(() => all('mob-new', 401));
  });

  test('workers end with their primary, however it ends', async () => {
    const { upstream, started } = await crew();
    try {
      const pids = workersOf(started.child.pid);
      started.child.kill('SIGKILL');
      await started.exited;
      for (const pid of pids) await eventually(() => assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' }));
    } finally {
      await upstream.close();
    }
  });

  test('a port in use ends the relay with one readable line, even when the other one would share it', async () => {
    const server = createServer();
    const port = await freePort();
    await new Promise<void>((resolve) => server.listen({ port, reusePort: true }, resolve));
    try {
      const { output, exited } = run(['--from-env'], { PORT: String(port), LD_ENV_a: KEYS.sdk, WORKERS: '2' });
      assert.equal((await exited).code, 1);
      assert.match(output(), /flagrelay: cannot listen on port \d+ .*in use\n$/);
      assert.doesNotMatch(output(), /\n\s+at /);
    } finally {
      server.close();
    }
  });

  test('environments without data in time end the relay, as with one process (contract 9.1)', async () => {
    const { output, exited } = run(['--from-env'], {
      PORT: String(await freePort()),
      STREAM_URI: 'http://127.0.0.1:9',
      INIT_TIMEOUT: '100ms',
      LD_ENV_a: KEYS.sdk,
      WORKERS: '2',
    });
    assert.equal((await exited).code, 1);
    assert.match(output(), /environment a has no data after 100 ms/);
  });
});
