import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask } from '../testing/client.ts';
import { eventually } from '../testing/eventually.ts';
import { freePort } from '../testing/program.ts';
import { KEYS, sampleData } from '../testing/relay.ts';
import { startUpstream } from '../testing/upstream.ts';
import { type ProgramIo, run } from './run.ts';

/** A process that the test plays. */
function fakeProcess() {
  const said = { stdout: '', stderr: '' };
  let signal = (_signal: NodeJS.Signals): void => assert.fail('nobody listens to signals');
  let uncaught = (_error: unknown): void => assert.fail('nobody listens to errors');
  const io: ProgramIo = {
    stdout: (text) => {
      said.stdout += text;
    },
    stderr: (text) => {
      said.stderr += text;
    },
    onSignal: (listener) => {
      signal = listener;
    },
    onUncaught: (listener) => {
      uncaught = listener;
    },
    onUnhandled: () => {},
  };
  return { io, said, signal: (name: NodeJS.Signals) => signal(name), uncaught: (error: unknown) => uncaught(error) };
}

/** A relay that serves, in this process. */
async function serving(closers: AsyncDisposableStack, drain = '100ms') {
  const upstream = await startUpstream();
  closers.defer(() => upstream.close());
  upstream.add(KEYS.sdk, sampleData());
  const port = await freePort();
  const program = fakeProcess();
  const env = {
    PORT: String(port),
    OPS_PORT: String(await freePort()),
    STREAM_URI: upstream.url,
    LD_ENV_test: KEYS.sdk,
    LOG_LEVEL: 'none',
    DRAIN_TIMEOUT: drain,
  };
  const code = run(['--from-env'], env, program.io);
  const headers = { Authorization: KEYS.sdk };
  await eventually(async () => assert.equal((await ask(port, '/sdk/flags', { headers })).status, 200), 30_000);
  return { ...program, code, port };
}

test('version, help and mistakes are answered at once', async () => {
  const version = fakeProcess();
  assert.equal(await run(['--version'], {}, version.io), 0);
  assert.match(version.said.stdout, /^\d+\.\d+\.\d+\n$/);
  const mistake = fakeProcess();
  assert.equal(await run(['--from-env'], {}, mistake.io), 2);
  assert.match(mistake.said.stderr, /there is nothing to serve/);
  assert.equal(mistake.said.stdout, '');
});

test('a relay that cannot start says why and ends with 1', async () => {
  await using closers = new AsyncDisposableStack();
  const { port, code, signal } = await serving(closers);
  const second = fakeProcess();
  const env = { PORT: String(port), OPS_PORT: String(await freePort()), LD_ENV_test: KEYS.sdk, LOG_LEVEL: 'none' };
  assert.equal(await run(['--from-env'], env, second.io), 1);
  assert.match(second.said.stderr, new RegExp(`^flagrelay: cannot listen on port ${port} `));
  signal('SIGTERM');
  assert.equal(await code, 0);
});

test('the first signal drains and ends with 0; nothing listens any more', async () => {
  await using closers = new AsyncDisposableStack();
  const { port, code, signal } = await serving(closers);
  signal('SIGTERM');
  assert.equal(await code, 0);
  await assert.rejects(ask(port, '/status'), /ECONNREFUSED/);
});

test('the second signal ends it at once, and so does a mistake that nobody caught', async () => {
  await using closers = new AsyncDisposableStack();
  const impatient = await serving(closers, '500ms');
  impatient.signal('SIGINT');
  impatient.signal('SIGINT');
  assert.equal(await impatient.code, 1);
  const broken = await serving(closers);
  broken.uncaught(new Error('a mistake'));
  assert.equal(await broken.code, 1);
});

test('without data in time it ends with 1, where the configuration says so', async () => {
  const { io } = fakeProcess();
  await using closers = new AsyncDisposableStack();
  const upstream = await startUpstream();
  closers.defer(() => upstream.close());
  upstream.add(KEYS.sdk, sampleData());
  upstream.mode(KEYS.sdk, 'silent');
  const env = {
    PORT: String(await freePort()),
    OPS_PORT: String(await freePort()),
    STREAM_URI: upstream.url,
    LD_ENV_test: KEYS.sdk,
    INIT_TIMEOUT: '100ms',
    LOG_LEVEL: 'none',
  };
  assert.equal(await run(['--from-env'], env, io), 1);
});
