import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EnvironmentDefinition } from '../environment/definition.ts';
import { credentialsDigest, keyRevision } from './key-revision.ts';

const of = (id: string, sdkKey: string, change: Partial<EnvironmentDefinition> = {}): EnvironmentDefinition => ({
  ...{ id, name: id, sdkKey, acceptedSdkKeys: [], expiringSdkKeys: [], secureMode: false, ttlMs: 0 },
  ...{ allowedOrigins: [], allowedHeaders: [], ...change },
});
const revision = (...definitions: EnvironmentDefinition[]) =>
  keyRevision('ns/flags', credentialsDigest(definitions) ?? '');

test('pods with the same keys report the same, whatever the order, and with another key something else', () => {
  const [a, b] = [of('a', 'sdk-1'), of('b', 'sdk-2')];
  assert.equal(revision(a, b), revision(b, a));
  assert.notEqual(revision(a, b), revision(a, of('b', 'sdk-3')));
  assert.notEqual(revision(a, b), revision(a, of('b', 'sdk-2', { mobileKey: 'mob-1' })));
});

test('it is 16 bits, and another for each RelayProxy', () => {
  const digest = credentialsDigest([of('a', 'sdk-1')]) ?? '';
  assert.match(keyRevision('ns/flags', digest), /^[0-9a-f]{4}$/);
  assert.notEqual(keyRevision('ns/flags', digest), keyRevision('ns/other', digest));
});

test('keys that upstream hands out have none', () => {
  assert.equal(credentialsDigest([of('a', 'sdk-1', { envKey: 'production' })]), undefined);
});
