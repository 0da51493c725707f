import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { relayDocument } from '../../config/document.ts';
import { launchDarkly } from '../../dialects/launchdarkly/dialect.ts';
import type { LaunchDarkly } from '../../dialects/launchdarkly/outlet/outlet.ts';
import { eventually } from '../../testing/eventually.ts';
import { startLeaseServer } from '../../testing/lease-server.ts';
import { startRedis } from '../../testing/redis.ts';
import { KEYS, SILENT, sampleData, simpleFlag } from '../../testing/relay.ts';
import { startUpstream } from '../../testing/upstream.ts';
import { type DaemonDeps, startDaemon } from './daemon.ts';

const OTHER_KEY = 'sdk-11111111-0000-4000-8000-000000000002';
const quick = { leaseMs: 3000, deadlineMs: 2000, periodMs: 100 };

async function setUp(closers: AsyncDisposableStack) {
  const redis = closers.use(await startRedis());
  const upstream = await startUpstream();
  closers.defer(() => upstream.close());
  upstream.add(KEYS.sdk, sampleData());
  const document = {
    mode: 'daemon' as const,
    environments: [{ name: 'test', sdkKey: KEYS.sdk, prefix: 'test' }],
    ops: { port: 0 },
    upstream: { streamUri: upstream.url, onInitTimeout: 'continue' as const },
    store: { redis: { url: redis.url, cacheTtlMs: -1 } },
  };
  const base: DaemonDeps<LaunchDarkly> = {
    dialect: launchDarkly,
    logger: SILENT,
    env: {},
    fatal: (error) => assert.fail(error),
  };
  const stored = async (key: string, prefix = 'test') => {
    const text = await redis.client.hget(`${prefix}:features`, key);
    return text === null ? undefined : (JSON.parse(text) as { version: number }).version;
  };
  return { redis, upstream, document, base, stored };
}

test('daemon mode without a lease: fills the store, tells its health, and has no port for SDKs', {
  timeout: 60_000,
}, async () => {
  await using closers = new AsyncDisposableStack();
  const { upstream, document, base, stored } = await setUp(closers);
  const daemon = await startDaemon(relayDocument.parse(document), base);
  closers.defer(() => daemon.close());
  await eventually(async () => assert.equal(await stored('one'), 1));
  upstream.patchFlag(KEYS.sdk, simpleFlag('one', 7));
  await eventually(async () => assert.equal(await stored('one'), 7));
  assert.deepEqual([daemon.port, daemon.active(), daemon.readiness().ready], [undefined, true, true]);
  assert.equal(daemon.facts().connectedEnvironments, 1);
  const ops = `http://127.0.0.1:${daemon.opsPort}`;
  assert.match(await (await fetch(`${ops}/metrics`)).text(), /^flagrelay_active 1$/m);
  assert.equal((await fetch(`${ops}/readyz`)).status, 200);
});

test('with a lease one is active; the other has no connection, is ready, and takes over when the first one ends', {
  timeout: 60_000,
}, async () => {
  await using closers = new AsyncDisposableStack();
  const { redis, upstream, document, base, stored } = await setUp(closers);
  const api = closers.use(await startLeaseServer());
  const start = async (pod: string) => {
    const config = relayDocument.parse({ ...document, lease: { name: 'demo' } });
    const { accountDirectory } = api;
    const daemon = await startDaemon(config, { ...base, env: api.env(pod), accountDirectory, timing: quick });
    closers.defer(() => daemon.close());
    return daemon;
  };
  const first = await start('pod-1');
  await eventually(async () => assert.equal(await stored('one'), 1));
  const second = await start('pod-2');
  await eventually(() => assert.equal(second.readiness().reason, 'stand-by'));
  assert.equal(first.readiness().reason, 'active');
  assert.deepEqual([first.facts().active, second.facts().active], [true, false]);
  assert.deepEqual(second.facts().environments, []);
  const metrics = await (await fetch(`http://127.0.0.1:${second.opsPort}/metrics`)).text();
  assert.match(metrics, /^flagrelay_active 0$/m);
  assert.deepEqual([upstream.connected(KEYS.sdk), upstream.requests(KEYS.sdk)], [1, 1]);
  const connections = String(await redis.client.client('LIST'))
    .trim()
    .split('\n').length;
  assert.match(api.lease.spec?.holderIdentity ?? '', /^pod-1_/);
  const path = '/apis/coordination.k8s.io/v1/namespaces/ns/leases/demo';
  assert.deepEqual([...api.paths].sort(), [`GET ${path}`, `PUT ${path}`]);

  await first.drain();
  await first.close();
  await eventually(() => assert.equal(second.readiness().reason, 'active'));
  await eventually(() => assert.equal(upstream.connected(KEYS.sdk), 1));
  upstream.patchFlag(KEYS.sdk, simpleFlag('one', 9));
  await eventually(async () => assert.equal(await stored('one'), 9));
  assert.equal(
    String(await redis.client.client('LIST'))
      .trim()
      .split('\n').length,
    connections,
  );
});

test('an active process that cannot renew lets go of upstream and store, and is active again when it can', {
  timeout: 60_000,
}, async () => {
  await using closers = new AsyncDisposableStack();
  const { upstream, document, base, stored } = await setUp(closers);
  const api = closers.use(await startLeaseServer());
  const config = relayDocument.parse({ ...document, lease: { name: 'demo' } });
  const { accountDirectory } = api;
  const daemon = await startDaemon(config, { ...base, env: api.env('pod-1'), accountDirectory, timing: quick });
  closers.defer(() => daemon.close());
  await eventually(async () => assert.equal(await stored('one'), 1));
  api.refuse(500);
  await eventually(() => assert.equal(upstream.connected(KEYS.sdk), 0), 20_000);
  assert.deepEqual([daemon.active(), daemon.readiness()], [false, { ready: true, reason: 'stand-by' }]);
  api.refuse(0);
  await eventually(() => assert.equal(upstream.connected(KEYS.sdk), 1), 30_000);
  assert.equal(daemon.active(), true);
});

test('a pod that may not read the lease is not ready', { timeout: 60_000 }, async () => {
  await using closers = new AsyncDisposableStack();
  const { document, base, upstream } = await setUp(closers);
  const api = closers.use(await startLeaseServer());
  api.refuse(403);
  const config = relayDocument.parse({ ...document, lease: { name: 'demo' } });
  const { accountDirectory } = api;
  const daemon = await startDaemon(config, { ...base, env: api.env('pod-1'), accountDirectory, timing: quick });
  closers.defer(() => daemon.close());
  await eventually(() => assert.ok(api.paths.size > 0));
  assert.deepEqual(daemon.readiness(), { ready: false, reason: 'the lease has not been read yet' });
  assert.equal(upstream.requests(KEYS.sdk), 0);
});

test('whoever takes over has the environments that the document names by then', { timeout: 60_000 }, async () => {
  await using closers = new AsyncDisposableStack();
  const { upstream, document, base, stored } = await setUp(closers);
  const api = closers.use(await startLeaseServer());
  upstream.add(OTHER_KEY, { flags: { other: simpleFlag('other') }, segments: {} });
  const directory = mkdtempSync(join(tmpdir(), 'flagrelay-daemon-'));
  closers.defer(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'relay.json');
  const leased = { ...document, lease: { name: 'demo' } };
  const old = relayDocument.parse(leased);
  const environments = [{ name: 'other', sdkKey: OTHER_KEY, prefix: 'other' }];
  writeFileSync(path, JSON.stringify({ ...leased, environments }));
  const { accountDirectory } = api;
  const deps = { ...base, env: api.env('pod-1'), accountDirectory, timing: quick, watch: { path } };
  const daemon = await startDaemon(old, deps);
  closers.defer(() => daemon.close());
  await eventually(async () => assert.equal(await stored('other', 'other'), 1));
  assert.equal(upstream.requests(KEYS.sdk), 0);
});

test('a key file that is gone changes nothing, not even for a process that becomes active again meanwhile', {
  timeout: 60_000,
}, async () => {
  await using closers = new AsyncDisposableStack();
  const { upstream, document, base, stored } = await setUp(closers);
  const api = closers.use(await startLeaseServer());
  const directory = mkdtempSync(join(tmpdir(), 'flagrelay-daemon-'));
  closers.defer(() => rmSync(directory, { recursive: true }));
  const sdkKeyFile = join(directory, 'key');
  writeFileSync(sdkKeyFile, KEYS.sdk);
  const environments = [{ name: 'test', sdkKeyFile, prefix: 'test' }];
  const config = relayDocument.parse({ ...document, environments, lease: { name: 'demo' } });
  const { accountDirectory } = api;
  const daemon = await startDaemon(config, { ...base, env: api.env('pod-1'), accountDirectory, timing: quick });
  closers.defer(() => daemon.close());
  await eventually(async () => assert.equal(await stored('one'), 1));
  rmSync(sdkKeyFile);
  const missing = () => daemon.facts().environments.map(({ state, served }) => [state, served]);
  await eventually(() => assert.deepEqual(missing(), [['CredentialMissing', true]]), 20_000);
  upstream.patchFlag(KEYS.sdk, simpleFlag('one', 7));
  await eventually(async () => assert.equal(await stored('one'), 7));
  assert.equal(upstream.requests(KEYS.sdk), 1);
  api.refuse(500);
  await eventually(() => assert.equal(upstream.connected(KEYS.sdk), 0), 20_000);
  api.refuse(0);
  await eventually(() => assert.equal(upstream.connected(KEYS.sdk), 1), 30_000);
  assert.deepEqual(missing()[0]?.[0], 'CredentialMissing');
});

test('a token that is gone for a while loses no lease', { timeout: 60_000 }, async () => {
  await using closers = new AsyncDisposableStack();
  const { upstream, document, base, stored } = await setUp(closers);
  const api = closers.use(await startLeaseServer());
  const config = relayDocument.parse({ ...document, lease: { name: 'demo' } });
  const { accountDirectory } = api;
  const daemon = await startDaemon(config, { ...base, env: api.env('pod-1'), accountDirectory, timing: quick });
  closers.defer(() => daemon.close());
  await eventually(async () => assert.equal(await stored('one'), 1));
  rmSync(join(accountDirectory, 'token'));
  await eventually(
    () =>
      assert.deepEqual(
        daemon.facts().absences?.map(({ input }) => input),
        ['serviceAccount'],
      ),
    20_000,
  );
  const version = api.lease.metadata?.resourceVersion;
  await eventually(() => assert.ok(Number(api.lease.metadata?.resourceVersion) > Number(version) + 3), 20_000);
  assert.deepEqual([daemon.active(), upstream.requests(KEYS.sdk)], [true, 1]);
});
