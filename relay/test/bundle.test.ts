import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ask } from '../src/testing/client.ts';
import { eventually } from '../src/testing/eventually.ts';
import { freePort } from '../src/testing/program.ts';
import { KEYS, sampleData } from '../src/testing/relay.ts';
import { startUpstream } from '../src/testing/upstream.ts';

const EVALX = `/sdk/evalx/${KEYS.env}/contexts/eyJraW5kIjoidXNlciIsImtleSI6ImEifQ`;
/** Loaded before the bundle; tells, when asked by a signal, what the start took. */
const TELL = `process.on('SIGUSR2', () => {
  const { script } = require(process.argv[1]);
  console.log(JSON.stringify({ refused: script.cachedDataRejected, loaded: process.moduleLoadList }));
});`;

const temporary = mkdtempSync(join(tmpdir(), 'flagrelay-bundle-'));
const folder = join(temporary, 'dist');
const main = join(folder, 'main.js');
const tell = join(temporary, 'tell.cjs');
const ends: (() => unknown)[] = [() => rmSync(temporary, { recursive: true })];

/** Starts the bundle with one environment, and waits until it answers with that one's flags. */
async function serving(nodeArgs: readonly string[], env: Record<string, string> = {}) {
  const upstream = await startUpstream();
  upstream.add(KEYS.sdk, sampleData());
  const port = await freePort();
  const child = spawn(process.execPath, [...nodeArgs, main, '--from-env'], {
    env: {
      PORT: String(port),
      STREAM_URI: upstream.url,
      LD_ENV_test: KEYS.sdk,
      LD_CLIENT_SIDE_ID_test: KEYS.env,
      LOG_LEVEL: 'error',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  ends.unshift(
    () => child.kill('SIGKILL'),
    () => upstream.close(),
  );
  await eventually(async () => assert.equal((await ask(port, EVALX)).status, 200), 30_000);
  return { child, port };
}

describe('the bundle', () => {
  before(() => {
    writeFileSync(tell, TELL);
    execFileSync(process.execPath, [join(import.meta.dirname, '..', 'build.ts'), folder], { timeout: 60_000 });
  });
  after(async () => {
    for (const end of ends) await end();
  });

  test('is one file beside its entry, with what V8 has compiled of it, one for each command of another package, and one for AWS', () => {
    const command = ['migrate.js', 'migrate.js.map'];
    const relay = ['relay.js', 'relay.js.map'];
    const aws = ['aws-dynamodb.js', 'aws-dynamodb.js.map'];
    assert.deepEqual(readdirSync(folder).sort(), [...aws, 'cache', 'main.js', ...command, 'package.json', ...relay]);
    assert.deepEqual(readdirSync(join(folder, 'cache')), [`${process.version}-${process.arch}`]);
  });

  test('a usual start takes the compiled code, whatever memory it may use, and loads nothing of Node that it does not need', async () => {
    const { child } = await serving(['--max-semi-space-size=8', '--max-old-space-size=200', '--require', tell]);
    const told = once(child.stdout as NodeJS.ReadableStream, 'data');
    child.kill('SIGUSR2');
    const { refused, loaded } = JSON.parse(String((await told)[0])) as { refused: boolean; loaded: string[] };
    assert.equal(refused, false);
    const needless = ['fs/promises', 'http2', 'https', 'readline', 'sqlite', 'tls', 'zlib'];
    assert.deepEqual(
      needless.filter((name) => loaded.includes(`NativeModule ${name}`)),
      [],
    );
  });

  test('what is loaded on demand is there: /status by Express, workers', async () => {
    const { port } = await serving([], { WORKERS: '2' });
    assert.equal((await ask(port, '/status')).status, 200);
  });

  test('migrate runs from the bundle, and the relay holds nothing of it', () => {
    const args = [main, 'migrate', '--from-env', '--secrets', 'omit'];
    for (const nodeArgs of [[], ['--enable-source-maps']]) {
      const { status, stdout, stderr } = spawnSync(process.execPath, [...nodeArgs, ...args], {
        env: { LD_ENV_test: KEYS.sdk, PORT: '9000' },
        encoding: 'utf8',
        timeout: 30_000,
      });
      assert.match(stdout, /^kind: RelayProxy$[\s\S]*^ {4}port: 9000$/m, stderr);
      assert.equal(status, 0, 'all was taken over');
    }
    assert.doesNotMatch(readFileSync(join(folder, 'relay.js'), 'latin1'), /MigrateUsageError/);
  });

  test('stack traces name the sources when source maps are asked for', () => {
    const code = `process.stdout.write = () => require('node:fs').writeSync(1, new Error().stack); require(process.argv[1]);`;
    const args = ['--enable-source-maps', '--eval', code, main, '--version'];
    assert.match(execFileSync(process.execPath, args, { encoding: 'utf8' }), /relay\/src\/cli\/run\.ts:\d+:\d+/);
  });
});
