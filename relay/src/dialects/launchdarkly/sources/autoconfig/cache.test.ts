import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { environmentRep } from '../environment-rep.ts';
import { CacheError, decryptList, encryptList, readCache, writeCache } from './cache.ts';

const LIST = {
  environments: [environmentRep.parse({ envID: 'e1', sdkKey: { value: 'sdk-secret' }, version: 3 })],
  filters: [{ id: 'p.f', projKey: 'p', key: 'f', version: 1 }],
};

test('11.1: what is encrypted comes back with the same key only, and holds nothing in clear', () => {
  const file = encryptList(LIST, 'rel-key');
  assert.deepEqual(decryptList(file, 'rel-key'), LIST);
  assert.doesNotMatch(file.toString('latin1'), /sdk-secret|e1/);
  assert.throws(() => decryptList(file, 'other'), CacheError);
  assert.notDeepEqual(encryptList(LIST, 'rel-key'), file, 'each file has its own nonce');
});

test('any changed byte is noticed', () => {
  const file = encryptList(LIST, 'k');
  for (let at = 0; at < file.length; at += 1) {
    const changed = Buffer.from(file);
    changed[at] = (changed[at] ?? 0) ^ 1;
    assert.throws(() => decryptList(changed, 'k'), CacheError, `byte ${at}`);
  }
  for (const length of [0, 10, 40, file.length - 1])
    assert.throws(() => decryptList(file.subarray(0, length), 'k'), CacheError);
});

test('the file is its owner’s alone, and no temporary file is left', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'flagrelay-cache-'));
  const path = join(directory, 'list');
  assert.equal(await readCache(path, 'k'), undefined);
  await writeCache(path, LIST, 'k');
  await writeCache(path, LIST, 'k');
  assert.deepEqual(await readCache(path, 'k'), LIST);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(directory), ['list']);
  rmSync(directory, { recursive: true });
});
