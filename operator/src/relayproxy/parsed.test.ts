import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsed } from './parsed.ts';
import type { RawRelayProxy } from './resources/kubernetes-types.ts';

const spec = { environments: [{ name: 'production', sdkKeyRef: { name: 'keys', key: 'sdk' } }] };

function version(resourceVersion: string, change: Partial<RawRelayProxy> = {}, generation = 1): RawRelayProxy {
  return { metadata: { name: 'a', namespace: 'b', uid: 'u', generation, resourceVersion }, spec, ...change };
}

function parsedValue(raw: RawRelayProxy) {
  const result = parsed(raw);
  assert.ok(result.ok);
  return result.value;
}

test('a spec is parsed once for each generation, and comes with the metadata and status of its version', () => {
  const first = parsedValue(version('1'));
  const second = parsedValue(version('2', { status: { replicas: 3 } }));
  assert.equal(second.spec, first.spec);
  assert.equal(second.metadata.resourceVersion, '2');
  assert.equal(second.status?.replicas, 3);
  assert.equal(parsedValue(version('3')).status, undefined);
});

test('another generation or another object is parsed anew', () => {
  const first = parsedValue(version('1'));
  assert.notEqual(parsedValue(version('4', {}, 2)).spec, first.spec);
  const other = version('5');
  other.metadata!.uid = 'other';
  assert.notEqual(parsedValue(other).spec, parsedValue(version('6', {}, 2)).spec);
});

test('what cannot be parsed is not remembered for another version', () => {
  assert.equal(parsed(version('7', { spec: {} }, 3)).ok, false);
  assert.equal(parsed(version('8', {}, 3)).ok, true);
});
