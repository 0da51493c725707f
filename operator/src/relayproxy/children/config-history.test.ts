import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Deployment } from '../resources/kubernetes-types.ts';
import { configHistoryAnnotation } from '../resources/names.ts';
import { configVolume } from '../resources/volumes.ts';
import {
  ConfigTooLargeError,
  configHistory,
  configMapsOf,
  MAX_CONFIG_BYTES,
  refuseTooLarge,
} from './config-history.ts';

/** A Deployment that mounts one ConfigMap and notes others; its rollout is complete unless `updated` is less than 3. */
function live(mounted: string, noted: readonly string[] = [], updated = 3): Deployment {
  return {
    metadata: { name: 'demo-relay', generation: 1, annotations: { [configHistoryAnnotation]: noted.join(',') } },
    spec: {
      replicas: 3,
      selector: {},
      template: { spec: { containers: [], volumes: [configVolume(mounted).volume] } },
    },
    status: { observedGeneration: 1, replicas: 3, updatedReplicas: updated, availableReplicas: 3 },
  };
}

const history = (deployment: Deployment | undefined, current: string, used: string[] = [], limit = 3) =>
  configHistory({ live: deployment, current, used: new Set(used), limit });

test('a new fleet has no history; what it had before is the newest of it', () => {
  assert.deepEqual(history(undefined, 'a'), []);
  assert.deepEqual(history(live('a'), 'b', ['a']), ['a']);
  assert.deepEqual(history(live('c', ['b', 'a']), 'd', ['c']), ['c', 'b', 'a']);
});

test('as many as there are old ReplicaSets once a rollout is complete', () => {
  assert.deepEqual(history(live('d', ['c', 'b', 'a']), 'e', ['d']), ['d', 'c', 'b']);
  assert.deepEqual(history(live('e', ['d', 'c', 'b', 'a']), 'e', ['e']), ['d', 'c', 'b']);
});

test('the one that old pods mount is kept although no old ReplicaSet is', () => {
  assert.deepEqual(history(live('a'), 'b', ['a'], 0), ['a']);
  assert.deepEqual(history(live('b', ['a']), 'b', ['b'], 0), []);
});

test('edits during a stuck rollout push out nothing that pods mount', () => {
  let noted: string[] = ['serving'];
  for (let edit = 0; edit < 100; edit++) noted = history(live(`v${edit}`, noted, 1), `v${edit + 1}`, ['serving']);
  assert.equal(noted[0], 'serving');
  assert.equal(noted.length, 20);
});

test('a configuration that comes back leaves the history', () => {
  assert.deepEqual(history(live('b', ['a']), 'a', ['b']), ['b']);
});

test('while nothing is rolled, nothing changes: the order is that of the revisions, whatever pods are there', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string({ minLength: 1 }).filter((text) => !text.includes(','))), (names) => {
      const [current = 'x', ...noted] = names;
      assert.deepEqual(history(live(current, noted, 1), current, [...noted].reverse()), noted);
    }),
  );
});

test('what the Deployment mounts and notes is told; without one, nothing', () => {
  assert.deepEqual(configMapsOf(live('b', ['a'])), ['b', 'a']);
  assert.deepEqual(configMapsOf(undefined), []);
});

test('a document that no ConfigMap can hold is refused, with its size and what to do', () => {
  const of = (length: number) => ({ metadata: { name: 'demo-config-1' }, data: { 'relay.json': 'x'.repeat(length) } });
  refuseTooLarge(of(MAX_CONFIG_BYTES));
  assert.throws(
    () => refuseTooLarge(of(MAX_CONFIG_BYTES + 1)),
    (error: Error) =>
      error instanceof ConfigTooLargeError &&
      /"demo-config-1".*1048577 bytes.*1048576.*allowedOrigins/.test(error.message),
  );
});
