import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { StartupError } from '../../../../errors.ts';
import { recordingDefinitions } from '../../../../testing/definition-sink.ts';
import { eventually } from '../../../../testing/eventually.ts';
import { recordingLogger } from '../../../../testing/logger.ts';
import { recordingSink } from '../../../../testing/source-sink.ts';
import { parseDataSet } from '../../model/parse.ts';
import { environmentRep } from '../environment-rep.ts';
import { createArchive } from './source.ts';
import { packArchive } from './write.ts';

const TIMEOUT = { timeout: 20_000 };
const directory = mkdtempSync(join(tmpdir(), 'flagrelay-offline-'));
after(() => rmSync(directory, { recursive: true }));

let count = 0;
const newPath = () => join(directory, `${count++}.tar.gz`);
const data = (version: number) => parseDataSet(`{"flags":{"f":{"key":"f","version":${version}}}}`);
const rep = (envID: string, version = 1, more: object = {}) =>
  environmentRep.parse({ envID, sdkKey: { value: `sdk-${envID}` }, version, ...more });

/** Puts a file in place as one step, as a careful deployer does. */
function place(path: string, content: Uint8Array): void {
  writeFileSync(`${path}.new`, content);
  renameSync(`${path}.new`, path);
}

function archiveAt(archiveFile: string) {
  const sink = recordingDefinitions();
  const logger = recordingLogger();
  const config = { archiveFile, reloadMs: 100, envAllowedOrigins: [], envAllowedHeaders: [] };
  return { sink, logger, archive: createArchive(config, { logger }) };
}

test('7: environments and data come at once, and follow the archive', TIMEOUT, async () => {
  const path = newPath();
  place(path, await packArchive([{ rep: rep('e1'), data: data(1) }]));
  const { sink, archive } = archiveAt(path);
  await archive.start(sink);
  assert.deepEqual(
    (await sink.next()).map(({ id, sdkKey }) => [id, sdkKey]),
    [['e1', 'sdk-e1']],
  );
  const feed = recordingSink();
  const source = archive.sourceFor('e1');
  source.start(feed);
  assert.ok('put' in (await feed.next()));
  assert.deepEqual(await feed.next(), { link: 'VALID', error: undefined });

  place(
    path,
    await packArchive([
      { rep: rep('e1'), data: data(2) },
      { rep: rep('e2'), data: data(1) },
    ]),
  );
  const next = await feed.next();
  assert.ok('put' in next && next.put.flags.get('f')?.version === 2);
  assert.deepEqual((await sink.next()).map(({ id }) => id).sort(), ['e1', 'e2']);

  place(path, await packArchive([{ rep: rep('e2'), data: data(1) }]));
  assert.deepEqual(
    (await sink.next()).map(({ id }) => id),
    ['e2'],
  );
  await source.close();
  await archive.close();
});

test('7: a description counts by its version, data by its id, each without the other', TIMEOUT, async () => {
  const path = newPath();
  place(path, await packArchive([{ rep: rep('e1', 1, { envName: 'one' }), data: data(1) }]));
  const { sink, archive } = archiveAt(path);
  await archive.start(sink);
  await sink.next();
  const feed = recordingSink();
  archive.sourceFor('e1').start(feed);
  await feed.next();
  await feed.next();
  place(path, await packArchive([{ rep: rep('e1', 1, { envName: 'ignored' }), data: data(1) }]));
  assert.equal((await sink.next())[0]?.envName, 'one');
  place(path, await packArchive([{ rep: rep('e1', 2, { envName: 'two' }), data: data(1) }]));
  assert.equal((await sink.next())[0]?.envName, 'two');
  assert.equal(feed.calls.length, 2, 'the same data is not delivered again');
  await archive.close();
});

test('7: a bad or missing archive leaves the last one, is told once, and heals by itself', TIMEOUT, async () => {
  const path = newPath();
  const good = await packArchive([{ rep: rep('e1'), data: data(1) }]);
  place(path, good);
  const { sink, archive, logger } = archiveAt(path);
  await archive.start(sink);
  await sink.next();
  place(path, Buffer.from('garbage'));
  const told = () => logger.lines.filter(({ level }) => level === 'error').map(({ problem }) => problem);
  await eventually(() => assert.deepEqual(told(), ['it is not a tar archive']));
  rmSync(path);
  await eventually(() => assert.deepEqual(told(), ['it is not a tar archive', 'it does not exist']));
  place(path, await packArchive([{ rep: rep('e2'), data: data(1) }]));
  assert.deepEqual(
    (await sink.next()).map(({ id }) => id),
    ['e2'],
  );
  assert.equal(told().length, 2);
  await archive.close();
});

test('7: at the start a bad archive is fatal', TIMEOUT, async () => {
  for (const content of [undefined, Buffer.from('garbage')]) {
    const path = newPath();
    if (content) place(path, content);
    const { sink, archive } = archiveAt(path);
    await assert.rejects(archive.start(sink), (error) => error instanceof StartupError && error.message.includes(path));
    await archive.close();
  }
});

test('a source asked again delivers again, and nothing after close', TIMEOUT, async () => {
  const path = newPath();
  place(path, await packArchive([{ rep: rep('e1'), data: data(1) }]));
  const { sink, archive } = archiveAt(path);
  await archive.start(sink);
  const feed = recordingSink();
  const source = archive.sourceFor('e1');
  source.start(feed);
  await feed.next();
  await feed.next();
  source.restart();
  assert.ok('put' in (await feed.next()));
  await source.close();
  source.restart();
  await source.close();
  assert.equal(feed.calls.length, 3);
  await archive.close();
});

test('a changed archive tells only what is different', TIMEOUT, async () => {
  const path = newPath();
  const both = (version: number) => [
    { rep: rep('e1'), data: data(1) },
    { rep: rep('e2', version), data: data(1) },
  ];
  place(path, await packArchive(both(1)));
  const { sink, archive } = archiveAt(path);
  await archive.start(sink);
  place(path, await packArchive(both(2)));
  await eventually(() => assert.equal(sink.changes.length, 1));
  assert.deepEqual(
    sink.changes.map(({ removed, changed }) => [removed, changed.map(({ id }) => id)]),
    [[[], ['e2']]],
  );
  place(
    path,
    await packArchive([
      { rep: rep('e2', 2), data: data(1) },
      { rep: rep('e3'), data: data(1) },
    ]),
  );
  await eventually(() => assert.equal(sink.changes.length, 2));
  assert.deepEqual(sink.changes[1]?.removed, ['e1']);
  assert.deepEqual(
    sink.changes[1]?.changed.map(({ id }) => id),
    ['e3'],
  );
  assert.equal(sink.refusals.length, 0);
  await archive.close();
});
