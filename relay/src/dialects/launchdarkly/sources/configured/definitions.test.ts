import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type RelayConfig, type RelayDocument, relayDocument } from '../../../../config/document.ts';
import { recordingDefinitions } from '../../../../testing/definition-sink.ts';
import { eventually } from '../../../../testing/eventually.ts';
import { recordingLogger } from '../../../../testing/logger.ts';
import { definitionsOf } from './definition.ts';
import { createConfiguredDefinitions } from './definitions.ts';

const TIMEOUT = { timeout: 20_000 };
const directory = mkdtempSync(join(tmpdir(), 'flagrelay-definitions-'));
after(() => rmSync(directory, { recursive: true }));

const configOf = (document: RelayDocument): RelayConfig => relayDocument.parse(document);

function configured(config: RelayConfig, path?: string) {
  const sink = recordingDefinitions();
  const logger = recordingLogger();
  const reloads: RelayConfig[] = [];
  const rotations = { count: 0 };
  const held: (readonly string[])[] = [];
  const absences: (string | undefined)[] = [];
  const source = createConfiguredDefinitions(config, logger, {
    ...(path === undefined ? {} : { watch: { path } }),
    onReload: (next) => reloads.push(next),
    onRotated: () => rotations.count++,
    onHeld: (parts) => held.push(parts),
    onAbsent: (problem) => absences.push(problem),
    pollMs: 50,
  });
  return { sink, logger, source, reloads, rotations, held, absences };
}

test('4.2 Filters: each environment of a project comes once more per filter', () => {
  const definitions = definitionsOf(
    configOf({
      environments: [
        { name: 'a', sdkKey: 'sdk-a', projKey: 'p', prefix: 'pa' },
        { name: 'b', sdkKey: 'sdk-b', projKey: 'q' },
      ],
      filters: { p: ['f1', 'f2'] },
    }),
  );
  assert.deepEqual(
    definitions.map(({ id, filterKey, prefix }) => [id, filterKey, prefix]),
    [
      ['a', undefined, 'pa'],
      ['a/f1', 'f1', 'pa/f1'],
      ['a/f2', 'f2', 'pa/f2'],
      ['b', undefined, undefined],
    ],
  );
});

test(
  'a missing key file is an environment with a problem; the key is taken over when it comes, and when it changes',
  TIMEOUT,
  async () => {
    const [sdkKeyFile, sdkKeyPreviousFile, mobileKeyFile] = ['sdk', 'old', 'mob'].map((name) => join(directory, name));
    assert.ok(sdkKeyFile && sdkKeyPreviousFile && mobileKeyFile);
    writeFileSync(mobileKeyFile, 'mob-1\n');
    const { sink, source, logger, rotations } = configured(
      configOf({ environments: [{ name: 'a', sdkKeyFile, sdkKeyPreviousFile, mobileKeyFile }] }),
    );
    await source.start(sink);
    const [missing] = await sink.next();
    assert.deepEqual([missing?.sdkKey, missing?.mobileKey], [undefined, 'mob-1']);
    assert.equal(missing?.credentialProblem, `SDK key: ${sdkKeyFile} is missing or empty`);
    writeFileSync(sdkKeyFile, 'sdk-1\n');
    const [present] = await sink.next();
    assert.deepEqual([present?.sdkKey, present?.credentialProblem, present?.acceptedSdkKeys], ['sdk-1', undefined, []]);
    assert.equal(rotations.count, 0, 'a key that comes for the first time');
    writeFileSync(sdkKeyPreviousFile, 'sdk-1');
    writeFileSync(sdkKeyFile, 'sdk-2');
    await eventually(() => {
      const last = sink.lists.at(-1)?.[0];
      assert.deepEqual([last?.sdkKey, last?.acceptedSdkKeys], ['sdk-2', ['sdk-1']]);
    });
    rmSync(sdkKeyPreviousFile);
    await eventually(() => assert.deepEqual(sink.lists.at(-1)?.[0]?.acceptedSdkKeys, []));
    assert.equal(rotations.count, 1, 'the end of the grace is no rotation');
    assert.doesNotMatch(JSON.stringify(logger.lines), /sdk-\d/);
    await source.close();
  },
);

test('a Secret changes by its ..data link', TIMEOUT, async () => {
  const mount = join(directory, 'secret');
  for (const version of [1, 2]) {
    mkdirSync(join(mount, `..v${version}`), { recursive: true });
    writeFileSync(join(mount, `..v${version}`, 'key'), `sdk-${version}`);
  }
  symlinkSync('..v1', join(mount, '..data'));
  symlinkSync('..data/key', join(mount, 'key'));
  const { sink, source } = configured(configOf({ environments: [{ name: 'a', sdkKeyFile: join(mount, 'key') }] }));
  await source.start(sink);
  assert.equal((await sink.next())[0]?.sdkKey, 'sdk-1');
  symlinkSync('..v2', join(mount, '..data_tmp'));
  renameSync(join(mount, '..data_tmp'), join(mount, '..data'));
  assert.equal((await sink.next())[0]?.sdkKey, 'sdk-2');
  await source.close();
});

test(
  'a changed document is taken over; its mistakes leave the last good one; the rest waits for a restart',
  TIMEOUT,
  async () => {
    const path = join(directory, 'relay.json');
    const first = { environments: [{ name: 'a', sdkKey: 'sdk-a' }] };
    writeFileSync(path, JSON.stringify(first));
    const { sink, source, logger, reloads } = configured(configOf(first), path);
    await source.start(sink);
    await sink.next();
    writeFileSync(
      path,
      JSON.stringify({
        environments: [
          { name: 'a', sdkKey: 'sdk-a' },
          { name: 'b', sdkKey: 'sdk-a' },
        ],
      }),
    );
    await eventually(() => assert.match(JSON.stringify(logger.lines), /have the same SDK key/));
    writeFileSync(path, JSON.stringify({ ...first, server: { port: 9 } }));
    await eventually(() =>
      assert.match(JSON.stringify(logger.lines), /take effect at the next start.*|"parts":"server"/),
    );
    const newFile = join(directory, 'late-key');
    writeFileSync(path, JSON.stringify({ environments: [{ name: 'b', sdkKeyFile: newFile }], server: { port: 9 } }));
    assert.deepEqual(
      (await sink.next()).map(({ id }) => id),
      ['b', 'a'],
      'a goes on until it is known whether b is a',
    );
    writeFileSync(newFile, 'sdk-late');
    assert.deepEqual(
      (await sink.next()).map(({ id, sdkKey }) => [id, sdkKey]),
      [['b', 'sdk-late']],
      'files that the new document names are watched',
    );
    assert.deepEqual(
      reloads.map(({ server }) => server.port),
      [9, 9],
    );
    await source.close();
    assert.equal(sink.lists.length, 3);
  },
);

test('a key file that goes and comes back is told once each, and the key stays', TIMEOUT, async () => {
  const sdkKeyFile = join(directory, 'pruned');
  writeFileSync(sdkKeyFile, 'sdk-1');
  const { sink, source, logger } = configured(configOf({ environments: [{ name: 'a', sdkKeyFile }] }));
  await source.start(sink);
  await sink.next();
  rmSync(sdkKeyFile);
  const [gone] = await sink.next();
  assert.equal(gone?.sdkKey, 'sdk-1');
  assert.match(gone?.credentialProblem ?? '', /is missing or empty; the last one stays in force$/);
  assert.ok(Math.abs(Date.now() - (gone?.credentialMissingSince ?? 0)) < 10_000);
  writeFileSync(sdkKeyFile, 'sdk-1');
  const [back] = await sink.next();
  assert.deepEqual([back?.sdkKey, back?.credentialProblem], ['sdk-1', undefined]);
  await source.close();
  const messages = logger.lines.map(({ message }) => message);
  assert.equal(messages.filter((message) => message === 'a credential is missing').length, 1);
  assert.equal(messages.filter((message) => message === 'every credential is there again').length, 1);
});

test('a document whose environments are to come from elsewhere leaves those that there are', TIMEOUT, async () => {
  const path = join(directory, 'to-autoconfig.json');
  const first = { environments: [{ name: 'a', sdkKey: 'sdk-a' }] };
  for (const other of [{ autoConfig: { keyFile: '/nosuch' } }, { offline: { archiveFile: '/nosuch' } }]) {
    writeFileSync(path, JSON.stringify(first));
    const { sink, source, reloads, held, logger } = configured(configOf(first), path);
    await source.start(sink);
    await sink.next();
    writeFileSync(path, JSON.stringify(other));
    const part = Object.keys(other)[0] ?? '';
    await eventually(() => assert.deepEqual([...(held.at(-1) ?? [])].sort(), [part, 'environments'].sort()));
    assert.match(JSON.stringify(logger.lines), /take effect at the next start/);
    assert.equal(reloads.length, 1, 'its hash is reported');
    writeFileSync(path, JSON.stringify({ environments: [{ name: 'a', sdkKey: 'sdk-a', secureMode: true }] }));
    assert.equal((await sink.next())[0]?.secureMode, true, 'one with environments again is taken over');
    assert.deepEqual(held.at(-1), []);
    assert.equal(sink.lists.length, 2);
    await source.close();
  }
});

test('a document that is gone changes nothing, and is told', TIMEOUT, async () => {
  const path = join(directory, 'gone.json');
  const first = { environments: [{ name: 'a', sdkKey: 'sdk-a' }] };
  writeFileSync(path, JSON.stringify(first));
  const { sink, source, absences } = configured(configOf(first), path);
  await source.start(sink);
  await sink.next();
  rmSync(path);
  await eventually(() => assert.match(absences.at(-1) ?? '', /gone.json cannot be read/));
  writeFileSync(path, JSON.stringify(first));
  await eventually(() => assert.equal(absences.at(-1), undefined));
  await source.close();
  assert.equal(sink.lists.length, 1);
});

test('a changed document counts although the file of a secret that is read at the start is gone', TIMEOUT, async () => {
  const path = join(directory, 'with-snapshot.json');
  const [encryptionKeyFile, folder] = [join(directory, 'encryption-key'), join(directory, 'snapshots')];
  const snapshot = { directory: folder, encryptionKeyFile };
  const environments = [{ name: 'a', sdkKey: 'sdk-a' }];
  writeFileSync(path, JSON.stringify({ environments, snapshot }));
  const config = { ...configOf({ environments, snapshot }) };
  const { sink, source, held } = configured({ ...config, snapshot: { ...snapshot, encryptionKey: 'secret' } }, path);
  await source.start(sink);
  await sink.next();
  writeFileSync(path, JSON.stringify({ environments: [{ name: 'a', sdkKey: 'sdk-b' }], snapshot }));
  assert.equal((await sink.next())[0]?.sdkKey, 'sdk-b');
  assert.deepEqual(held, []);
  await source.close();
});
