import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EMPTY_DATA_SET } from '../../data/data.ts';
import { StoreError } from '../../errors.ts';
import type { Persistence } from './persistence.ts';
import { timedPersistence } from './timed.ts';

test('every call is timed under its name, a failed one too', async () => {
  const seen: string[] = [];
  const inner: Persistence = {
    mark: () => Promise.resolve('m'),
    load: () => Promise.resolve(undefined),
    replace: () => Promise.resolve(),
    merge: (data) => Promise.resolve({ data, written: 0, mark: 'm' }),
    upsert: () => Promise.reject(new StoreError('gone')),
  };
  const timed = timedPersistence(inner, (operation, ms) => {
    assert.ok(ms >= 0);
    seen.push(operation);
  });
  assert.equal(await timed.mark(), 'm');
  await timed.load(undefined);
  await timed.replace(EMPTY_DATA_SET);
  await timed.merge(EMPTY_DATA_SET, { mark: 'm' });
  await assert.rejects(timed.upsert({ kind: 'flags', key: 'a', version: 1, deleted: true } as never), /gone/);
  assert.deepEqual(seen, ['check', 'load', 'replace', 'merge', 'upsert']);
});
