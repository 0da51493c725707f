import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createVersioned } from './versioned.ts';

const at = (version: number) => ({ version });

test('8.2: only a newer version counts', () => {
  const things = createVersioned<{ version: number }>();
  assert.equal(things.upsert('a', at(2)), true);
  assert.equal(things.upsert('a', at(2)), false);
  assert.equal(things.upsert('a', at(1)), false);
  assert.equal(things.upsert('a', at(3)), true);
  assert.deepEqual(things.values(), [at(3)]);
});

test('8.2: a deletion leaves a tombstone; only a higher version returns', () => {
  const things = createVersioned<{ version: number }>();
  things.upsert('a', at(2));
  assert.equal(things.remove('a', 1), false);
  assert.equal(things.remove('a', 3), true);
  assert.equal(things.upsert('a', at(3)), false);
  assert.equal(things.upsert('a', at(4)), true);
  assert.equal(things.remove('unknown', 5), false);
  assert.equal(things.upsert('unknown', at(5)), false);
});

test('8.2: a put removes what is not in it and forgets its version; the rest counts by version', () => {
  const things = createVersioned<{ version: number }>();
  things.upsert('a', at(5));
  things.upsert('b', at(5));
  things.put(new Map([['b', at(4)]]));
  assert.deepEqual(things.values(), [at(5)]);
  assert.equal(things.upsert('a', at(1)), true);
});

test('what is there is counted and found; what was removed is not', () => {
  const things = createVersioned<{ version: number }>();
  things.upsert('a', at(1));
  things.upsert('b', at(1));
  things.upsert('b', at(2));
  things.remove('a', 2);
  things.remove('a', 3);
  things.remove('unknown', 1);
  assert.deepEqual([things.size, things.get('a'), things.get('b')], [1, undefined, at(2)]);
  things.upsert('a', at(4));
  assert.equal(things.size, 2);
  things.put(new Map([['c', at(1)]]), new Set(['a']));
  assert.deepEqual([things.size, things.get('a'), things.get('b')], [2, at(4), undefined]);
});
