import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { eventually } from '../../../../testing/eventually.ts';
import { recordingLogger } from '../../../../testing/logger.ts';
import { environmentRep } from '../environment-rep.ts';
import { fileCache, readCache } from './cache.ts';
import { createCacheKeeper } from './cache-keeper.ts';

const directory = mkdtempSync(join(tmpdir(), 'flagrelay-keeper-'));
after(() => rmSync(directory, { recursive: true }));

/** A keeper of a list whose one environment has a version, and how often that list was taken. */
function keeperOf(file: string, apartMs: number) {
  const logger = recordingLogger();
  const state = { version: 0, taken: 0 };
  const keeper = createCacheKeeper({
    cache: fileCache(file),
    logger,
    apartMs,
    list: () => {
      state.taken += 1;
      return {
        environments: [environmentRep.parse({ envID: 'e', sdkKey: { value: 'k' }, version: state.version })],
        filters: [],
      };
    },
  });
  const change = (version: number, secret = 's'): void => {
    state.version = version;
    keeper.changed(secret);
  };
  const stored = async (secret = 's') => (await readCache(file, secret))?.environments[0]?.version;
  return { keeper, state, change, stored, logger };
}

test('the first change is written at once, many more are one write, and closing writes the last', async () => {
  const { keeper, state, change, stored } = keeperOf(join(directory, 'bursts'), 3_600_000);
  change(1);
  await eventually(async () => assert.equal(await stored(), 1));
  for (let version = 2; version <= 1_000; version += 1) change(version);
  await keeper.close();
  assert.equal(await stored(), 1_000);
  assert.equal(state.taken, 2);
});

test('what changes while a write runs is written after it', async () => {
  const { keeper, change, stored } = keeperOf(join(directory, 'meanwhile'), 1);
  for (let version = 1; version <= 20; version += 1) {
    change(version);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await eventually(async () => assert.equal(await stored(), 20));
  await keeper.close();
});

test('the list is encrypted with the key that was in force at its last change', async () => {
  const { keeper, change, stored } = keeperOf(join(directory, 'keys'), 3_600_000);
  change(1, 'one');
  change(2, 'two');
  await keeper.close();
  assert.equal(await stored('two'), 2);
});

test('nothing changed is nothing written', async () => {
  const { keeper } = keeperOf(join(directory, 'nothing'), 1);
  await keeper.close();
  assert.equal(readdirSync(directory).includes('nothing'), false);
});

test('a file that cannot be written is told, and the next change tries again', async () => {
  const folder = join(directory, 'later');
  const { keeper, change, logger } = keeperOf(join(folder, 'list'), 1);
  change(1);
  await eventually(() => assert.equal(logger.lines.length, 1));
  change(2);
  await eventually(() => assert.equal(logger.lines.length, 2));
  await keeper.close();
  assert.equal(logger.lines[0]?.message, 'cannot write the cache of environments');
  assert.equal(logger.lines[0]?.reason, 'ENOENT');
});
