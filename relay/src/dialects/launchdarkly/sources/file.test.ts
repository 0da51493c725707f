import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { recordingLogger } from '../../../testing/logger.ts';
import { recordingSink } from '../../../testing/source-sink.ts';
import { readDataFile } from './data-file.ts';
import { createFileSource } from './file.ts';

const TIMEOUT = { timeout: 20_000 };
const directory = mkdtempSync(join(tmpdir(), 'flagrelay-file-'));
after(() => rmSync(directory, { recursive: true }));

const text = (version: number) => `{"flags":{"f":{"key":"f","version":${version}}}}`;

function sourceOf(path: string) {
  const sink = recordingSink();
  const source = createFileSource({ path, logger: recordingLogger(), pollMs: 50, now: () => 1 });
  return { sink, source };
}

async function versionOf(sink: ReturnType<typeof recordingSink>): Promise<number | undefined> {
  const call = await sink.next();
  assert.ok('put' in call, JSON.stringify(call));
  return call.put.flags.get('f')?.version;
}

test('serves the file, and again when it changes', TIMEOUT, async () => {
  const path = join(directory, 'a.json');
  writeFileSync(path, text(1));
  const { sink, source } = sourceOf(path);
  source.start(sink);
  assert.equal(await versionOf(sink), 1);
  assert.deepEqual(await sink.next(), { link: 'VALID', error: undefined });
  writeFileSync(`${path}.new`, text(2));
  renameSync(`${path}.new`, path);
  assert.equal(await versionOf(sink), 2);
  source.restart();
  assert.equal(await versionOf(sink), 2);
  await source.close();
});

test('a mounted ConfigMap changes by its ..data link', TIMEOUT, async () => {
  const mount = join(directory, 'mount');
  for (const version of [1, 2]) {
    mkdirSync(join(mount, `..v${version}`), { recursive: true });
    writeFileSync(join(mount, `..v${version}`, 'flags.json'), text(version));
  }
  symlinkSync('..v1', join(mount, '..data'));
  symlinkSync('..data/flags.json', join(mount, 'flags.json'));
  const { sink, source } = sourceOf(join(mount, 'flags.json'));
  source.start(sink);
  assert.equal(await versionOf(sink), 1);
  await sink.next();
  symlinkSync('..v2', join(mount, '..data_tmp'));
  renameSync(join(mount, '..data_tmp'), join(mount, '..data'));
  assert.equal(await versionOf(sink), 2);
  await source.close();
});

test('a broken or missing file keeps the last data and is a link error; a good one heals', TIMEOUT, async () => {
  const path = join(directory, 'b.json');
  const { sink, source } = sourceOf(path);
  source.start(sink);
  assert.deepEqual(await sink.next(), { link: 'INITIALIZING', error: { kind: 'UNKNOWN', time: 1, message: 'ENOENT' } });
  writeFileSync(path, '{"flags":{"f":{"key":"f","version":"x"}}}');
  const broken = await sink.next();
  assert.ok('link' in broken && broken.link === 'INITIALIZING' && broken.error?.kind === 'INVALID_DATA');
  writeFileSync(path, text(1));
  assert.equal(await versionOf(sink), 1);
  assert.deepEqual(await sink.next(), { link: 'VALID', error: undefined });
  rmSync(path);
  assert.deepEqual(await sink.next(), { link: 'INTERRUPTED', error: { kind: 'UNKNOWN', time: 1, message: 'ENOENT' } });
  writeFileSync(path, text(1));
  assert.equal(await versionOf(sink), 1);
  assert.deepEqual(await sink.next(), { link: 'VALID', error: undefined });
  await source.close();
});

test('a data file is JSON, or the same as YAML', () => {
  const yaml = 'flags:\n  f: { key: f, version: 3, variations: [true, false] }\nsegments: {}\n';
  assert.equal(readDataFile(yaml).flags.get('f')?.version, 3);
  assert.equal(readDataFile('{flags: {f: {key: f, version: 4}}}').flags.get('f')?.version, 4, 'YAML in its flow form');
  const exact = '{"key":"f","version":1,"big":12345678901234567890}';
  assert.ok(readDataFile(`\uFEFF{"flags":{"f":${exact}}}`).flags.get('f')?.json.startsWith(exact.slice(0, -1)));
});

test('flagValues is the short form of a flag with one value', () => {
  const data = readDataFile('flagValues:\n  banner: hello\nflags:\n  f: { key: f, version: 1 }\n');
  assert.deepEqual([...data.flags.keys()], ['banner', 'f']);
  assert.match(data.flags.get('banner')?.json ?? '', /"variations":\["hello"\]/);
});

test('what is neither says where the trouble is', () => {
  assert.throws(() => readDataFile('{"flags": oops'), /neither JSON nor YAML/);
  assert.throws(() => readDataFile('just text'), /must hold an object with "flags" and "segments"/);
  assert.throws(() => readDataFile('flags: [1]'), /\/flags/);
  assert.throws(() => readDataFile('flagValues: [1]'), /\/flagValues: expected an object/);
});
