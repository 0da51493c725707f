import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, describe, test } from 'node:test';
import { ask, openStream } from './testing/client.ts';
import { eventually } from './testing/eventually.ts';
import { endPrograms, freePort, run, serving } from './testing/program.ts';
import { KEYS } from './testing/relay.ts';

after(endPrograms);

describe('the program', () => {
  test('--version: prints it, exit 0', async () => {
    const { output, exited } = run(['--version']);
    assert.deepEqual(await exited, { code: 0, signal: null });
    assert.match(output(), /^\d+\.\d+\.\d+\n$/);
  });

  test('mistakes in the configuration: exit 2, each one named, no credential shown', async () => {
    const { output, exited } = run(['--from-env'], { PORT: 'x', HEARTBEAT_INTERVAL: '5', LD_ENV_a: KEYS.sdk });
    assert.equal((await exited).code, 2);
    assert.match(output(), /PORT/);
    assert.match(output(), /HEARTBEAT_INTERVAL/);
    assert.ok(!output().includes(KEYS.sdk));
  });

  test('a port in use: exit 1 with one readable line', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const { output, exited } = run(['--from-env'], { PORT: String(port), LD_ENV_a: KEYS.sdk });
      assert.equal((await exited).code, 1);
      assert.match(output(), new RegExp(`flagrelay: cannot listen on port ${port} .*in use`));
      assert.doesNotMatch(output(), /\n\s+at /);
    } finally {
      server.close();
    }
  });

  test('no data in time: exit 1 and the environment named, unless connection errors are ignored (contract 9.1)', async () => {
    const env = {
      PORT: String(await freePort()),
      STREAM_URI: 'http://127.0.0.1:9',
      INIT_TIMEOUT: '100ms',
      LD_ENV_a: KEYS.sdk,
    };
    const { output, exited } = run(['--from-env'], env);
    assert.equal((await exited).code, 1);
    assert.match(output(), /environment a has no data after 100 ms/);
    assert.ok(!output().includes(KEYS.sdk));
    const patient = run(['--from-env'], { ...env, IGNORE_CONNECTION_ERRORS: 'true' });
    const port = Number(env.PORT);
    await eventually(async () => {
      const answer = await ask(port, '/all', { headers: { Authorization: 'sdk-unknown-unknown' } });
      assert.equal(answer.status, 401);
    }, 30_000);
    patient.child.kill('SIGTERM');
    assert.deepEqual(await patient.exited, { code: 0, signal: null });
  });

  test('SIGTERM: streams end politely, exit 0; logs are JSON', async () => {
    const { upstream, started, port } = await serving();
    try {
      const stream = await openStream(port, '/all', { headers: { Authorization: KEYS.sdk } });
      await stream.until(() => stream.events().length === 1);
      started.child.kill('SIGTERM');
      await stream.until(() => stream.closed());
      assert.deepEqual(await started.exited, { code: 0, signal: null });
      for (const line of started.output().trim().split('\n')) {
        const { time, level, message } = JSON.parse(line);
        assert.ok(Date.parse(time) > 0 && typeof level === 'string' && typeof message === 'string', line);
      }
      assert.ok(!started.output().includes(KEYS.sdk));
    } finally {
      await upstream.close();
    }
  });

  test('a second signal ends the program at once', async () => {
    const { upstream, started, port } = await serving({ KUBERNETES_SERVICE_HOST: '127.0.0.1' });
    try {
      assert.equal((await ask(port, '/status')).status, 200);
      started.child.kill('SIGTERM');
      await eventually(() => assert.match(started.output(), /shutting down/));
      started.child.kill('SIGTERM');
      assert.equal((await started.exited).code, 1);
    } finally {
      await upstream.close();
    }
  });
});
