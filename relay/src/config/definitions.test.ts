import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { recordingDefinitions } from '../testing/definition-sink.ts';
import { eventually } from '../testing/eventually.ts';
import { recordingLogger } from '../testing/logger.ts';
import { definitionsOf } from './definition.ts';
import { createConfiguredDefinitions } from './definitions.ts';
import { type RelayConfig, type RelayDocument, relayDocument } from './document.ts';

const TIMEOUT = { timeout: 20_000 };
const directory = mkdtempSync(join(tmpdir(), 'flagrelay-definitions-'));
after(() => rmSync(directory, { recursive: true }));

const configOf = (document: RelayDocument): RelayConfig => relayDocument.parse(document);

function configured(config: RelayConfig, path?: string) {
  const sink = recordingDefinitions();
  const logger = recordingLogger();
  const reloads: RelayConfig[] = [];
  const rotations = { count: 0 };
  const source = createConfiguredDefinitions(config, logger, {
    ...(path === undefined ? {} : { watch: { path } }),
    onReload: (next) => reloads.push(next),
    onRotated: () => rotations.count++,
    pollMs: 50,
  });
  return { sink, logger, source, reloads, rotations };
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
      ['b'],
    );
    writeFileSync(newFile, 'sdk-late');
    assert.equal((await sink.next())[0]?.sdkKey, 'sdk-late', 'files that the new document names are watched');
    assert.deepEqual(
      reloads.map(({ server }) => server.port),
      [9, 9],
    );
    await source.close();
    assert.equal(sink.lists.length, 3);
  },
);
