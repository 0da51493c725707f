import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubernetesObject, ObjectMeta } from './objects.ts';
import { anyOf, fieldChanged, generationChanged, metadataChanged, ownerKeys } from './predicates.ts';
import type { Change } from './store-types.ts';

const update = (old: ObjectMeta, now: ObjectMeta): Change<KubernetesObject> => ({
  type: 'updated',
  old: { metadata: old },
  object: { metadata: now },
  initial: false,
});
const added: Change<KubernetesObject> = { type: 'added', object: {}, initial: false };

describe('predicates', () => {
  it('generationChanged ignores status writes, sees spec changes and deletion', () => {
    assert.ok(generationChanged(added));
    assert.ok(
      !generationChanged(update({ generation: 1, resourceVersion: '1' }, { generation: 1, resourceVersion: '2' })),
    );
    assert.ok(generationChanged(update({ generation: 1 }, { generation: 2 })));
    assert.ok(
      generationChanged(update({ generation: 1 }, { generation: 1, deletionTimestamp: '2026-01-01T00:00:00Z' })),
    );
  });

  it('metadataChanged compares labels and annotations deeply', () => {
    assert.ok(!metadataChanged(update({ labels: { a: '1' } }, { labels: { a: '1' } })));
    assert.ok(metadataChanged(update({ labels: { a: '1' } }, { labels: { a: '2' } })));
    assert.ok(metadataChanged(update({}, { annotations: { a: '1' } })));
  });

  it('fieldChanged and anyOf combine', () => {
    const named = fieldChanged((object) => object.metadata?.name);
    assert.ok(!named(update({ name: 'a' }, { name: 'a' })));
    assert.ok(anyOf(generationChanged, named)(update({ name: 'a' }, { name: 'b' })));
    assert.ok(!anyOf()(added));
  });
});

describe('ownerKeys', () => {
  const relays = { group: 'example.dev', version: 'v1', kind: 'Relay', plural: 'relays', namespaced: true };
  const owner = { apiVersion: 'example.dev/v1alpha1', kind: 'Relay', name: 'a', uid: 'u', controller: true };
  const child = (changes: object): KubernetesObject => ({
    metadata: { namespace: 'n', ownerReferences: [{ ...owner, ...changes }] },
  });

  it('names the controlling owner of the kind, in any version', () => {
    assert.deepEqual(ownerKeys(relays)(child({})), ['n/a']);
    assert.deepEqual(ownerKeys({ ...relays, namespaced: false })(child({})), ['a']);
  });

  it('ignores other groups, kinds and owners that do not control', () => {
    for (const other of [
      { apiVersion: 'other.dev/v1' },
      { kind: 'Other' },
      { controller: false },
      { apiVersion: 'v1' },
    ]) {
      assert.deepEqual(ownerKeys(relays)(child(other)), []);
    }
    assert.deepEqual(ownerKeys(relays)({}), []);
  });
});
