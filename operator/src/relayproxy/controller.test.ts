import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRelevant } from './controller.ts';
import type { RawRelayProxy } from './resources/kubernetes-types.ts';
import { report } from './testing/test-snapshot.ts';

const old: RawRelayProxy = {
  metadata: { name: 'demo', uid: 'u', generation: 1, resourceVersion: '1', annotations: { a: '1' } },
  status: { readyReplicas: 1, instances: [report('a')] },
};

const changed = (metadata: RawRelayProxy['metadata'], status: RawRelayProxy['status']) =>
  isRelevant({
    type: 'updated',
    old,
    object: { metadata: { ...old.metadata, ...metadata }, status: { ...old.status, ...status } },
    initial: false,
  });

test('the operator is not woken by its own status writes', () => {
  assert.equal(changed({ resourceVersion: '2' }, { readyReplicas: 2, conditions: [] }), false);
});

test('it is by the spec, by annotations, by deletion and by reports of pods', () => {
  assert.equal(changed({ generation: 2 }, {}), true);
  assert.equal(changed({ annotations: { a: '2' } }, {}), true);
  assert.equal(changed({ deletionTimestamp: '2026-01-01T00:00:00Z' }, {}), true);
  assert.equal(changed({}, { instances: [report('a', { ready: false })] }), true);
  assert.equal(isRelevant({ type: 'deleted', object: old, initial: false }), true);
});
