import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { init, type LDClient } from '@launchdarkly/node-server-sdk';
import { ask, openStream } from '../../src/testing/client.ts';
import { eventually } from '../../src/testing/eventually.ts';
import { endPrograms, freePort, portOf, run } from '../../src/testing/program.ts';
import { sampleData, simpleFlag } from '../../src/testing/relay.ts';
import { startUpstream } from '../../src/testing/upstream.ts';

const [ONE, TWO, OTHER] = [1, 2, 3].map((n) => `sdk-${n}0000000-0000-4000-8000-00000000000${n}`) as [
  string,
  string,
  string,
];
const ALICE = { kind: 'user', key: 'alice' };

after(endPrograms);

interface Environment {
  readonly name: string;
  readonly sdkKeyFile: string;
  readonly [field: string]: unknown;
}

/** A relay program with a document and key files, as kubelet mounts them. */
async function stage(workers: number) {
  const directory = mkdtempSync(join(tmpdir(), 'flagrelay-absence-'));
  const upstream = await startUpstream();
  for (const key of [ONE, TWO, OTHER]) upstream.add(key, sampleData());
  const [port, opsPort] = [await freePort(), await freePort()];
  const file = (name: string): string => join(directory, name);
  /** Replaces a file as a whole, as kubelet does. */
  const put = (name: string, text: string): void => {
    writeFileSync(file(`.${name}`), text);
    renameSync(file(`.${name}`), file(name));
  };
  const clients: LDClient[] = [];
  const sdkLog: string[] = [];
  let loop: NodeJS.Timeout | undefined;
  return {
    upstream,
    put,
    take: (name: string) => rmSync(file(name)),
    file,
    document: (environments: readonly Environment[], rest: object = {}) =>
      put(
        'relay.json',
        JSON.stringify({
          server: { port, workers, drainMs: 0 },
          ops: { port: opsPort },
          upstream: { streamUri: upstream.url, onInitTimeout: 'continue' },
          environments,
          ...rest,
        }),
      ),
    async start() {
      const started = run(['--config', file('relay.json')]);
      await portOf(started);
      return started;
    },
    ask: (key: string) => ask(port, '/sdk/flags', { headers: { Authorization: key } }),
    status: async () => JSON.parse((await ask(port, '/status')).text) as { environments: Record<string, unknown> },
    ready: async () => (await ask(opsPort, '/readyz')).status,
    metric: async (line: RegExp) => assert.match((await ask(opsPort, '/metrics')).text, line),
    stream: (key: string) => openStream(port, '/all', { headers: { Authorization: key } }),
    async client(key: string): Promise<LDClient> {
      const base = `http://127.0.0.1:${port}`;
      const log = (text: string): void => void sdkLog.push(text);
      const client = init(key, {
        baseUri: base,
        streamUri: base,
        eventsUri: base,
        sendEvents: false,
        diagnosticOptOut: true,
        logger: { debug() {}, info() {}, warn: log, error: log },
      });
      clients.push(client);
      await client.waitForInitialization({ timeout: 20 });
      return client;
    },
    /** Asks all the time; what is not 200 is kept. */
    watch(key: string): number[] {
      const failed: number[] = [];
      loop = setInterval(() => {
        ask(port, '/sdk/flags', { headers: { Authorization: key } }).then(
          ({ status }) => status !== 200 && failed.push(status),
          () => failed.push(0),
        );
      }, 20);
      return failed;
    },
    sdkLog,
    async [Symbol.asyncDispose]() {
      clearInterval(loop);
      for (const client of clients) client.close();
      await upstream.close();
      rmSync(directory, { recursive: true });
    },
  };
}

for (const workers of [1, 2]) {
  describe(`a relay of ${workers === 1 ? 'one process' : `${workers} workers`}`, () => {
    test('a key file that is gone for a while changes nothing for SDKs; another key ends the old one', async () => {
      await using t = await stage(workers);
      t.put('one', ONE);
      t.document([{ name: 'one', sdkKeyFile: t.file('one') }]);
      await t.start();
      await eventually(async () => assert.equal((await t.ask(ONE)).status, 200), 30_000);
      const client = await t.client(ONE);
      const stream = await t.stream(ONE);
      const failed = t.watch(ONE);

      t.take('one');
      await eventually(() => t.metric(/^flagrelay_credential_missing\{environment="one"\} 1$/m), 20_000);
      const missing = (await t.status()).environments.one as { connectionStatus: Record<string, unknown> };
      assert.match(String(missing.connectionStatus.problem), /the last one stays in force/);
      assert.equal(typeof missing.connectionStatus.problemSince, 'number');
      assert.equal((await t.ask(OTHER)).status, 401, 'every key is known: a wrong one is wrong');
      t.upstream.patchFlag(ONE, simpleFlag('one', 5, { fallthrough: { variation: 1 } }));
      await eventually(async () => assert.equal(await client.variation('one', ALICE, 'default'), 'b'), 20_000);

      t.put('one', '');
      t.put('one', ONE);
      await eventually(() => t.metric(/^flagrelay_credential_missing\{environment="one"\} 0$/m), 20_000);
      assert.equal(stream.closed(), false);
      assert.deepEqual(failed, []);
      assert.deepEqual(t.sdkLog, []);
      assert.equal(t.upstream.requests(ONE), 1, 'upstream was not asked again');

      t.put('one', TWO);
      await eventually(async () => assert.equal((await t.ask(TWO)).status, 200), 20_000);
      await eventually(async () => assert.equal((await t.ask(ONE)).status, 401), 20_000);
      await eventually(() => assert.ok(stream.closed()));
    });

    test('started without a key file: 503 until it is there, never 401; the rest is served', async () => {
      await using t = await stage(workers);
      t.put('two', TWO);
      t.document([
        { name: 'one', sdkKeyFile: t.file('one'), envId: 'client-one' },
        { name: 'two', sdkKeyFile: t.file('two') },
      ]);
      await t.start();
      await eventually(async () => assert.equal((await t.ask(TWO)).status, 200), 30_000);
      const early = await t.ask(ONE);
      assert.deepEqual([early.status, early.headers['retry-after']], [503, '10']);
      assert.equal((await t.ask(OTHER)).status, 503, 'nobody can say that it is wrong');
      await eventually(async () => assert.equal(await t.ready(), 200));
      t.put('one', ONE);
      await eventually(async () => assert.equal((await t.ask(ONE)).status, 200), 20_000);
      assert.equal((await t.ask(OTHER)).status, 401);
    });

    test('started without the only key: not ready until it is there', async () => {
      await using t = await stage(workers);
      t.document([{ name: 'one', sdkKeyFile: t.file('one') }]);
      const { output } = await t.start();
      await eventually(() => assert.match(output(), /a credential is missing/), 20_000);
      assert.equal(await t.ready(), 503);
      assert.equal((await t.ask(ONE)).status, 503);
      t.put('one', ONE);
      await eventually(async () => assert.equal(await t.ready(), 200), 20_000);
      assert.equal((await t.ask(ONE)).status, 200);
    });

    test('renamed, with a key file that is not mounted yet: nobody notices, neither then nor when it comes', async () => {
      await using t = await stage(workers);
      t.put('one', ONE);
      t.document([{ name: 'production', sdkKeyFile: t.file('one') }]);
      await t.start();
      await eventually(async () => assert.equal((await t.ask(ONE)).status, 200), 30_000);
      await t.client(ONE);
      const stream = await t.stream(ONE);
      const failed = t.watch(ONE);
      t.document([{ name: 'prod', sdkKeyFile: t.file('renamed') }]);
      await eventually(
        async () => assert.deepEqual(Object.keys((await t.status()).environments).sort(), ['prod', 'production']),
        20_000,
      );
      assert.equal((await t.ask(OTHER)).status, 503);
      t.put('renamed', ONE);
      await eventually(async () => assert.deepEqual(Object.keys((await t.status()).environments), ['prod']), 20_000);
      assert.equal((await t.ask(OTHER)).status, 401);
      t.document([{ name: 'live', sdkKeyFile: t.file('renamed'), logLevel: 'debug' }]);
      await eventually(async () => assert.deepEqual(Object.keys((await t.status()).environments), ['live']), 20_000);
      assert.equal(stream.closed(), false);
      assert.deepEqual(failed, []);
      assert.deepEqual(t.sdkLog, []);
      assert.equal(t.upstream.requests(ONE), 1);
    });

    test('a document that switches to AutoConfig waits for a restart; what is served goes on', async () => {
      await using t = await stage(workers);
      t.put('one', ONE);
      t.document([{ name: 'one', sdkKeyFile: t.file('one') }]);
      const { output } = await t.start();
      await eventually(async () => assert.equal((await t.ask(ONE)).status, 200), 30_000);
      const stream = await t.stream(ONE);
      const failed = t.watch(ONE);
      t.document([], { autoConfig: { keyFile: t.file('auto') } });
      await eventually(() => t.metric(/^flagrelay_config_held 2$/m), 20_000);
      assert.match(output(), /take effect at the next start.*"parts":"environments, autoConfig"/);
      t.take('one');
      await eventually(() => t.metric(/^flagrelay_credential_missing\{environment="one"\} 1$/m), 20_000);
      assert.equal(stream.closed(), false);
      assert.deepEqual(failed, []);
    });

    test('an environment that is taken out of the document ends, the others go on', async () => {
      await using t = await stage(workers);
      t.put('one', ONE);
      t.put('two', TWO);
      const two = { name: 'two', sdkKeyFile: t.file('two') };
      t.document([{ name: 'one', sdkKeyFile: t.file('one') }, two]);
      await t.start();
      await eventually(async () => assert.equal((await t.ask(ONE)).status, 200), 30_000);
      await eventually(async () => assert.equal((await t.ask(TWO)).status, 200), 30_000);
      const stream = await t.stream(ONE);
      const failed = t.watch(TWO);
      t.document([two]);
      await eventually(async () => assert.equal((await t.ask(ONE)).status, 401), 20_000);
      await eventually(() => assert.ok(stream.closed()));
      assert.deepEqual(failed, []);
    });
  });
}

test('a worker that is started again while the key file is gone has the key of the others', async () => {
  await using t = await stage(2);
  t.put('one', ONE);
  t.document([{ name: 'one', sdkKeyFile: t.file('one') }]);
  const { child, output } = await t.start();
  await eventually(async () => assert.equal((await t.ask(ONE)).status, 200), 30_000);
  t.take('one');
  await eventually(() => t.metric(/^flagrelay_credential_missing\{environment="one"\} 1$/m), 20_000);
  const workersOf = (): string[] =>
    readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
  const statuses = new Set<number>();
  const before = workersOf();
  assert.equal(before.length, 2);
  process.kill(Number(before[0]), 'SIGKILL');
  await eventually(async () => {
    const { status } = await t.ask(ONE).catch(() => ({ status: 0 }));
    statuses.add(status);
    const now = workersOf();
    assert.ok(now.length === 2 && !now.includes(before[0] ?? ''), output());
  }, 30_000);
  for (let i = 0; i < 50; i++) statuses.add((await t.ask(ONE).catch(() => ({ status: 0 }))).status);
  assert.ok(!statuses.has(401), [...statuses].join());
  await eventually(async () => assert.equal((await t.ask(ONE)).status, 200), 30_000);
});
