import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type RelayDocument, relayDocument } from '../../../../config/document.ts';
import { recordingLogger } from '../../../../testing/logger.ts';
import { startSseServer } from '../../../../testing/sse-server.ts';
import { exportArchive } from './export.ts';
import { readArchive } from './read.ts';

const TIMEOUT = { timeout: 20_000 };
const directory = mkdtempSync(join(tmpdir(), 'flagrelay-export-'));
after(() => rmSync(directory, { recursive: true }));

const FLAG = '{"key":"f","version":1,"unknown":[1]}';

async function run(document: RelayDocument, name: string): Promise<string> {
  const out = join(directory, name);
  await exportArchive(relayDocument.parse(document), out, { logger: recordingLogger() });
  return out;
}

test('environments from upstream and from a file end up in an archive', TIMEOUT, async () => {
  await using server = await startSseServer();
  const dataFile = join(directory, 'data.json');
  writeFileSync(dataFile, `{"flags":{"f":${FLAG}}}`);
  const exported = run(
    {
      upstream: { streamUri: server.url },
      environments: [
        { name: 'a', sdkKey: 'sdk-a', mobileKey: 'mob-a', envId: 'ida', ttlMs: 90_000, secureMode: true, projKey: 'p' },
        { name: 'b', sdkKey: 'sdk-b', envId: 'idb', dataFile },
      ],
      filters: { p: ['f'] },
    },
    'both.tar.gz',
  );
  (await server.next()).event('put', `{"path":"/","data":{"flags":{"f":${FLAG}},"segments":{}}}`);
  const { environments } = await readArchive(await exported);
  assert.deepEqual([...environments.keys()], ['ida', 'idb']);
  const a = environments.get('ida');
  assert.deepEqual(
    [a?.rep.envName, a?.rep.sdkKey.value, a?.rep.mobKey, a?.rep.defaultTtl, a?.rep.secureMode],
    ['a', 'sdk-a', 'mob-a', 2, true],
  );
  for (const { data } of environments.values()) assert.ok(data.flags.get('f')?.json.startsWith(FLAG.slice(0, -1)));
  assert.equal(server.count, 1, 'payload filters are not fetched');
});

test('AutoConfig environments are exported', TIMEOUT, async () => {
  await using server = await startSseServer();
  const exported = run({ upstream: { streamUri: server.url }, autoConfig: { key: 'rel-1' } }, 'auto.tar.gz');
  const rep = {
    envID: 'e1',
    envName: 'One',
    sdkKey: { value: 'sdk-1', expiring: { value: 'sdk-0', timestamp: 5 } },
    version: 1,
  };
  (await server.next()).event('put', { path: '/', data: { environments: { e1: rep } } });
  (await server.next()).event('put', '{"data":{"flags":{}}}');
  const archived = (await readArchive(await exported)).environments.get('e1');
  assert.deepEqual(archived?.rep.sdkKey, rep.sdkKey);
  assert.equal(archived?.rep.envName, 'One');
});

test('an environment without data, or without a client-side ID, is told and nothing is written', TIMEOUT, async () => {
  await using server = await startSseServer();
  const exported = run(
    {
      upstream: { streamUri: server.url, initTimeoutMs: 5000 },
      environments: [{ name: 'a', sdkKey: 'sdk-a', envId: 'ida' }],
    },
    'none.tar.gz',
  );
  (await server.next()).response.writeHead(401).end();
  await assert.rejects(exported, /no data for "a": HTTP status 401/);
  await assert.rejects(run({ environments: [{ name: 'a', sdkKey: 'sdk-a' }] }, 'none.tar.gz'), /missing for "a"/);
  assert.equal(existsSync(join(directory, 'none.tar.gz')), false);
});
