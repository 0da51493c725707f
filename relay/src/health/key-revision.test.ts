import assert from 'node:assert/strict';
import { test } from 'node:test';
import { credentialsDigest, type EnvironmentKeys, keyRevision } from './key-revision.ts';

const of = (id: string, ...keys: string[]) => ({ id, keys });
const revision = (...environments: EnvironmentKeys[]) => keyRevision('ns/flags', credentialsDigest(environments) ?? '');

test('pods with the same keys report the same, whatever the order, and with another key something else', () => {
  const [a, b] = [of('a', 'sdk-1'), of('b', 'sdk-2')];
  assert.equal(revision(a, b), revision(b, a));
  assert.notEqual(revision(a, b), revision(a, of('b', 'sdk-3')));
  assert.notEqual(revision(a, b), revision(a, of('b', 'sdk-2', 'mob-1')));
});

test('it is 16 bits, and another for each RelayProxy', () => {
  const digest = credentialsDigest([of('a', 'sdk-1')]) ?? '';
  assert.match(keyRevision('ns/flags', digest), /^[0-9a-f]{4}$/);
  assert.notEqual(keyRevision('ns/flags', digest), keyRevision('ns/other', digest));
});

test('without keys from files there is none', () => {
  assert.equal(credentialsDigest([]), undefined);
});
