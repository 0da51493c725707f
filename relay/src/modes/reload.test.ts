import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { relayDocument } from '../config/document.ts';
import { loadConfig } from '../config/load.ts';
import { launchDarkly } from '../dialects/launchdarkly/dialect.ts';
import { exportArchive } from '../dialects/launchdarkly/sources/archive/export.ts';
import type { Logger } from '../telemetry/logger.ts';
import { ask, openStream } from '../testing/client.ts';
import { eventually } from '../testing/eventually.ts';
import { recordingLogger } from '../testing/logger.ts';
import { startRedis } from '../testing/redis.ts';
import { KEYS, SILENT, sampleData, simpleFlag } from '../testing/relay.ts';
import { startUpstream } from '../testing/upstream.ts';
import { createUpstreamDispatcher } from '../upstream/dispatcher.ts';
import { startRelay } from './proxy.ts';

const ADDED = 'sdk-22222222-0000-4000-8000-000000000002';

test('a changed document is taken over while the relay runs, one with mistakes is not; both are counted', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'flagrelay-reload-'));
  const path = join(directory, 'relay.json');
  const upstream = await startUpstream();
  for (const key of [KEYS.sdk, ADDED]) upstream.add(key, sampleData());
  const write = (environments: object[]): void => {
    const document = {
      server: { port: 0 },
      ops: { port: 0 },
      upstream: { streamUri: upstream.url, onInitTimeout: 'continue' },
      environments,
    };
    writeFileSync(`${path}.new`, JSON.stringify(document));
    renameSync(`${path}.new`, path);
  };
  const first = { name: 'first', sdkKey: KEYS.sdk };
  write([first]);
  const loaded = loadConfig(['--config', path], {});
  assert.ok(loaded.kind === 'run' && loaded.watch !== undefined);
  const relay = await startRelay(loaded.config, {
    dialect: launchDarkly,
    logger: SILENT,
    env: {},
    watch: loaded.watch,
    fatal: assert.fail,
  });
  const flags = async (Authorization: string) =>
    (await ask(relay.port, '/sdk/flags', { headers: { Authorization } })).status;
  const reloads = async (outcome: string): Promise<number> => {
    const { text } = await ask(relay.opsPort ?? 0, '/metrics');
    const match = new RegExp(`^flagrelay_config_reloads_total\\{outcome="${outcome}"\\} (\\d+)$`, 'm').exec(text);
    return Number(match?.[1] ?? 0);
  };
  try {
    await eventually(async () => assert.equal(await flags(KEYS.sdk), 200));
    const stream = await openStream(relay.port, '/all', { headers: { Authorization: KEYS.sdk } });
    assert.equal(await flags(ADDED), 401);

    write([first, { name: 'added', sdkKey: ADDED }]);
    await eventually(async () => assert.equal(await flags(ADDED), 200));
    assert.equal(await reloads('applied'), 1);

    write([first, { name: 'added', sdkKey: KEYS.sdk }]);
    await eventually(async () => assert.equal(await reloads('rejected'), 1));
    assert.equal(await flags(ADDED), 200);

    write([first]);
    await eventually(async () => assert.equal(await flags(ADDED), 401));
    assert.equal(stream.closed(), false, 'who did not change keeps its streams');
    stream.close();
  } finally {
    await relay.close();
    await upstream.close();
    rmSync(directory, { recursive: true });
  }
});

test('C41: a changed store prefix waits for a restart, by name, and the rest of the document does not', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'flagrelay-prefix-'));
  const path = join(directory, 'relay.json');
  await using redis = await startRedis();
  const upstream = await startUpstream();
  upstream.add(KEYS.sdk, sampleData());
  const write = (environment: object): void => {
    const document = {
      server: { port: 0 },
      ops: { port: 0 },
      upstream: { streamUri: upstream.url, onInitTimeout: 'continue' },
      store: { redis: { url: redis.url, cacheTtlMs: 0 } },
      environments: [{ name: 'blue', sdkKey: KEYS.sdk, ...environment }],
    };
    writeFileSync(`${path}.new`, JSON.stringify(document));
    renameSync(`${path}.new`, path);
  };
  const start = async (logger: Logger = SILENT) => {
    const loaded = loadConfig(['--config', path], {});
    assert.ok(loaded.kind === 'run' && loaded.watch !== undefined);
    return startRelay(loaded.config, {
      dialect: launchDarkly,
      logger,
      env: {},
      watch: loaded.watch,
      fatal: assert.fail,
    });
  };
  const version = async (prefix: string) => {
    const text = await redis.client.hget(`${prefix}:features`, 'one');
    return text === null ? undefined : (JSON.parse(text) as { version: number }).version;
  };
  write({ prefix: 'one' });
  const logger = recordingLogger();
  let relay = await start(logger);
  try {
    await eventually(async () => assert.equal(await version('one'), 1));
    write({ prefix: 'two', ttlMs: 60_000 });
    await eventually(() => assert.deepEqual(relay.facts().held, ['environments "blue" prefix']));
    const warned = logger.lines.filter(({ message }) => /take effect at the next start/.test(message));
    assert.deepEqual(
      warned.map(({ parts }) => parts),
      ['environments "blue" prefix'],
    );
    assert.match((await ask(relay.opsPort ?? 0, '/metrics')).text, /^flagrelay_config_held 1$/m);
    upstream.patchFlag(KEYS.sdk, simpleFlag('one', 5));
    await eventually(async () => assert.equal(await version('one'), 5));
    assert.equal(await version('two'), undefined);
    const polled = await ask(relay.port, '/sdk/flags', { headers: { Authorization: KEYS.sdk } });
    assert.equal(polled.status, 200);
    assert.ok(polled.headers.expires, 'the ttl of the same edit is in force');
    await relay.close();
    relay = await start();
    await eventually(async () => assert.equal(await version('two'), 5));
    assert.deepEqual(relay.facts().held, []);
  } finally {
    await relay.close();
    await upstream.close();
    rmSync(directory, { recursive: true });
  }
});

test('a relay whose environments come from an archive tells what of its document waits, and that the archive is gone', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'flagrelay-held-'));
  const [path, archiveFile] = [join(directory, 'relay.json'), join(directory, 'archive.tar.gz')];
  const upstream = await startUpstream();
  upstream.add(KEYS.sdk, sampleData());
  const dispatcher = createUpstreamDispatcher(undefined, {});
  const exported = relayDocument.parse({
    environments: [{ name: 'a', sdkKey: KEYS.sdk, envId: KEYS.env }],
    upstream: { streamUri: upstream.url },
  });
  await exportArchive(exported, archiveFile, { dispatcher, logger: SILENT });
  await dispatcher.close();
  const offline = { offline: { archiveFile, reloadMs: 100 } };
  const document = { server: { port: 0 }, ops: { port: 0 } };
  writeFileSync(path, JSON.stringify({ ...document, ...offline }));
  const loaded = loadConfig(['--config', path], {});
  assert.ok(loaded.kind === 'run' && loaded.watch !== undefined);
  const relay = await startRelay(loaded.config, {
    dialect: launchDarkly,
    logger: SILENT,
    env: {},
    watch: loaded.watch,
    fatal: assert.fail,
  });
  const served = async () => (await ask(relay.port, '/sdk/flags', { headers: { Authorization: KEYS.sdk } })).status;
  try {
    await eventually(async () => assert.equal(await served(), 200));
    writeFileSync(path, JSON.stringify({ ...document, environments: [{ name: 'b', sdkKey: 'sdk-other' }] }));
    await eventually(() => assert.deepEqual([...(relay.facts().held ?? [])].sort(), ['environments', 'offline']));
    rmSync(archiveFile);
    await eventually(() =>
      assert.deepEqual(
        relay.facts().absences?.map(({ input }) => input),
        ['archive'],
      ),
    );
    assert.equal(await served(), 200);
    writeFileSync(path, JSON.stringify({ ...document, ...offline }));
    await eventually(() => assert.deepEqual(relay.facts().held, []));
  } finally {
    await relay.close();
    await upstream.close();
    rmSync(directory, { recursive: true });
  }
});
