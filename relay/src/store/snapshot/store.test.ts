import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { compile } from '../../dialects/launchdarkly/evaluation/compile.ts';
import { itemCodec } from '../../dialects/launchdarkly/model/codec.ts';
import { definitionRules } from '../../dialects/launchdarkly/model/credentials.ts';
import type { EnvironmentDefinition } from '../../dialects/launchdarkly/model/definition.ts';
import { parseDataSet, parseItem, tombstone } from '../../dialects/launchdarkly/model/parse.ts';
import type { Store } from '../../environment/store.ts';
import { ask } from '../../testing/client.ts';
import { eventually } from '../../testing/eventually.ts';
import { recordingLogger } from '../../testing/logger.ts';
import { KEYS, startTestRelay, untilReady } from '../../testing/relay.ts';
import { startUpstream } from '../../testing/upstream.ts';
import { createMemoryStore } from '../memory.ts';
import { refusedItems } from '../refused-items.ts';
import { snapshotFile } from './files.ts';
import { decodeSnapshot, encodeSnapshot, SnapshotError } from './format.ts';
import { withSnapshot } from './store.ts';

let directory: string;
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'flagrelay-snapshot-'));
});
after(() => rmSync(directory, { recursive: true, force: true }));

const data = parseDataSet('{"flags":{"f":{"key":"f","version":2,"new":1e2}},"segments":{"s":{"key":"s","version":1}}}');
const definition = (change: Partial<EnvironmentDefinition> = {}): EnvironmentDefinition => ({
  id: 'first',
  name: 'prod/../x',
  sdkKey: 'sdk-1',
  envId: 'env-1',
  acceptedSdkKeys: [],
  expiringSdkKeys: [],
  secureMode: false,
  ttlMs: 0,
  allowedOrigins: [],
  allowedHeaders: [],
  ...change,
});

const owner = (of: EnvironmentDefinition) => ({ name: of.name, identity: definitionRules.identity(of) ?? '' });

function open(
  folder: string,
  { change = {}, secret }: { change?: Partial<EnvironmentDefinition>; secret?: string } = {},
) {
  const logger = recordingLogger();
  const file = snapshotFile(join(directory, folder), () => owner(definition(change)), itemCodec, secret);
  const store = withSnapshot(createMemoryStore(compile), { file, compile, logger, debounceMs: 10 });
  return { store, logger, file };
}

const versionOf = async (store: Store) => (await store.read())?.data.flags.get('f')?.version;

describe('format', () => {
  test('what is encoded comes back, with and without encryption', async () => {
    const full = { ...data, flags: new Map(data.flags).set('gone', tombstone('flags', 'gone', 7)) };
    for (const secret of [undefined, 'secret']) {
      const bytes = await encodeSnapshot({ savedAt: 5, data: full }, 'owner', secret);
      assert.equal(bytes.includes('"new"'), false);
      const back = await decodeSnapshot(bytes, itemCodec, 'owner', secret);
      assert.equal(back.savedAt, 5);
      assert.deepEqual(back.data, full);
    }
  });

  test('any changed byte, a wrong key, and a foreign environment are noticed', async () => {
    for (const secret of [undefined, 'secret']) {
      const bytes = await encodeSnapshot({ savedAt: 5, data }, 'owner', secret);
      const checksumEnd = bytes.indexOf('"checksum"');
      for (let at = 0; at < bytes.length; at++) {
        // Without a key nobody can tell that the time was changed.
        if (secret === undefined && at > 20 && at < checksumEnd) continue;
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ 1;
        await assert.rejects(decodeSnapshot(changed, itemCodec, 'owner', secret), SnapshotError, `byte ${at}`);
      }
      for (const length of [0, 5, 30, bytes.length - 1]) {
        await assert.rejects(decodeSnapshot(bytes.subarray(0, length), itemCodec, 'owner', secret), SnapshotError);
      }
      await assert.rejects(decodeSnapshot(bytes, itemCodec, 'other', secret), /another environment/);
      await assert.rejects(
        decodeSnapshot(bytes, itemCodec, 'owner', secret === undefined ? 'secret' : undefined),
        SnapshotError,
      );
    }
    const sealed = await encodeSnapshot({ savedAt: 5, data }, 'owner', 'secret');
    await assert.rejects(decodeSnapshot(sealed, itemCodec, 'owner', 'wrong'), /another key/);
  });
});

describe('store with a snapshot', { timeout: 30_000 }, () => {
  test('data survive a restart and say how old they are, until upstream answers', async () => {
    const first = open('restart');
    assert.equal(await first.store.preloaded?.(), false);
    await first.store.init(data);
    assert.equal(first.store.status().snapshotOf, undefined);
    await first.store.close();

    const second = open('restart');
    assert.equal(await second.store.preloaded?.(), true);
    assert.equal(await versionOf(second.store), 2);
    assert.ok(Math.abs((second.store.status().snapshotOf ?? 0) - Date.now()) < 60_000);
    await second.store.init(parseDataSet('{"flags":{"f":{"key":"f","version":3}}}'));
    assert.equal(second.store.status().snapshotOf, undefined);
    assert.equal(await versionOf(second.store), 3);
    await second.store.close();
  });

  test('an item of a snapshot that cannot be used is left out with its name, counted, and its neighbours are served', async () => {
    const first = open('bad-item');
    const good = data.flags.get('f')!;
    const bad = { ...good, key: 'bad', json: '{"key":"bad","version":1e400}' };
    const flags = new Map([
      ['f', good],
      ['bad', bad],
    ]);
    await first.file.write({ ...data, flags }, Date.now());
    const before = refusedItems().flags;
    const second = open('bad-item');
    assert.equal(await second.store.preloaded?.(), true);
    assert.equal(await versionOf(second.store), 2);
    assert.equal((await second.store.read())?.data.flags.has('bad'), false);
    assert.equal(refusedItems().flags, before + 1);
    assert.match(JSON.stringify(second.logger.lines), /"key":"bad".*left out/);
    await second.store.close();
  });

  test('a change is written soon, atomically, for the owner’s eyes only', async () => {
    const t = open('atomic', { secret: 'k' });
    await t.store.init(data);
    const before = await eventually(() => readFileSync(t.file.path));
    assert.equal(statSync(t.file.path).mode & 0o777, 0o600);
    await t.store.upsert(parseItem('flags', '{"key":"f","version":9}', 'f'));
    await eventually(() => assert.notDeepEqual(readFileSync(t.file.path), before));
    assert.equal((await t.file.read())?.data.flags.get('f')?.version, 9);
    await t.store.close();
    assert.equal(readdirSync(join(directory, 'atomic')).length, 1, 'no temporary file is left');
  });

  test('a rotated key keeps the snapshot, another environment of the same name does not get it', async () => {
    const t = open('owner');
    await t.store.init(data);
    await t.store.close();
    for (const [change, expected] of [
      [{ sdkKey: 'sdk-2' }, true],
      [{ envId: 'env-2' }, false],
      [{ filterKey: 'part' }, false],
    ] as const) {
      const other = open('owner', { change });
      assert.equal(await other.store.preloaded?.(), expected);
      await other.store.close();
    }
  });

  test('a damaged file is a warning', async () => {
    const t = open('damaged');
    mkdirSync(join(directory, 'damaged'));
    writeFileSync(t.file.path, 'flagrelay-snapshot-1\n{"half":');
    const again = open('damaged');
    assert.equal(await again.store.preloaded?.(), false);
    assert.equal(await versionOf(again.store), undefined);
    assert.equal(again.logger.lines[0]?.level, 'warn');
    await again.store.close();
    await t.store.close();
  });

  test('a folder that cannot be written is logged once and does not stop the relay', async () => {
    writeFileSync(join(directory, 'not-a-folder'), '');
    const t = open('not-a-folder');
    await t.store.init(data);
    await eventually(() => assert.ok(t.logger.lines.some((line) => line.level === 'error')));
    const errors = () => t.logger.lines.filter((line) => line.level === 'error').length;
    const count = errors();
    await t.store.upsert(parseItem('flags', '{"key":"f","version":9}', 'f'));
    await t.store.close();
    assert.equal(errors(), count);
    assert.equal((await t.store.read())?.data.flags.get('f')?.version, 9);
  });
});

describe('relay with snapshots', { timeout: 60_000 }, () => {
  const environments = [{ name: 'test', sdkKey: KEYS.sdk, envId: KEYS.env, mobileKey: KEYS.mobile }];
  const document = (folder: string, streamUri: string) => ({
    environments,
    snapshot: { directory: join(directory, folder), encryptionKey: 'k' },
    upstream: { streamUri, initTimeoutMs: 60_000 },
  });

  async function firstRun(folder: string) {
    const t = await startTestRelay({
      environments,
      snapshot: { directory: join(directory, folder), encryptionKey: 'k' },
    });
    await untilReady(t);
    await t.close();
  }

  test('a restart during an outage of upstream serves at once, and status says so', async () => {
    await firstRun('outage');
    const t = await startTestRelay(document('outage', 'http://127.0.0.1:9'));
    await untilReady(t);
    const headers = { Authorization: KEYS.sdk };
    const flags = await ask(t.port, '/sdk/flags', { headers });
    assert.deepEqual(Object.keys(JSON.parse(flags.text)).sort(), ['one', 'two']);
    const status = JSON.parse((await ask(t.port, '/status')).text);
    assert.equal(status.status, 'degraded');
    assert.equal(status.environments.test.connectionStatus.state, 'INITIALIZING');
    assert.ok(status.environments.test.dataStoreStatus.snapshotOf > 0);
    await t.close();
  });

  test('a key that was revoked in the meantime is refused although there is a snapshot', async () => {
    await firstRun('revoked');
    const upstream = await startUpstream();
    upstream.add(KEYS.sdk, { flags: {}, segments: {} }, 401);
    const again = await startTestRelay(document('revoked', upstream.url));
    await eventually(async () => {
      assert.equal((await ask(again.port, '/sdk/flags', { headers: { Authorization: KEYS.sdk } })).status, 401);
    });
    await again.close();
    await upstream.close();
  });
});

test('a key that was rotated, and a name that was changed, while the relay ran: the next run finds the data', async () => {
  const { envId: _, ...withoutId } = definition();
  let current: EnvironmentDefinition = withoutId;
  const file = snapshotFile(join(directory, 'rotated'), () => owner(current), itemCodec);
  await file.write(data, 1);
  current = { ...current, name: 'renamed', sdkKey: 'sdk-2' };
  await file.write(data, 2);
  const next = snapshotFile(
    join(directory, 'rotated'),
    () => owner({ ...withoutId, name: 'renamed', sdkKey: 'sdk-2' }),
    itemCodec,
  );
  assert.equal((await next.read())?.savedAt, 2);
  const revoked = snapshotFile(
    join(directory, 'rotated'),
    () => owner({ ...withoutId, name: 'renamed', sdkKey: 'sdk-1' }),
    itemCodec,
  );
  await assert.rejects(revoked.read(), SnapshotError);
});
