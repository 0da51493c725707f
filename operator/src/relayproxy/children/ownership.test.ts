import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubernetesObject, OwnerReference } from '../../runtime/objects.ts';
import { testRelayProxy } from '../testing/test-relay-proxy.ts';
import { orphanKeys, ownerReference, ownershipOf } from './ownership.ts';

const relayProxy = testRelayProxy();
const own = ownerReference(relayProxy);
const object = (ownerReferences: OwnerReference[], adopt?: string): KubernetesObject => ({
  metadata: { name: 'x', ownerReferences, ...(adopt && { annotations: { 'flagrelay.dev/adopt': adopt } }) },
});

const HASH = '0123456789abcdef';
const of = (child: KubernetesObject) => ownershipOf(child, relayProxy, HASH);

test('who a child belongs to', () => {
  const other = { apiVersion: 'v1', kind: 'Other', name: 'demo', uid: 'u', controller: true };
  assert.equal(of(object([own])), 'ours');
  assert.equal(of(object([])), 'foreign');
  assert.equal(of(object([], 'true')), 'ours');
  assert.equal(of(object([], 'yes')), 'foreign');
  assert.equal(of(object([other], 'true')), 'foreign', 'an object has one controller at most');
  assert.equal(of(object([{ ...other, controller: false }])), 'foreign');
  assert.equal(of(object([{ ...own, uid: 'of the one before' }])), 'leftover');
});

/** A child without an owner, with what ours have, as far as it is not said otherwise. */
function orphan({ instance = 'demo', hash = HASH, applied = true, managedBy = 'flagrelay-operator' }) {
  const fieldsV1 = { 'f:metadata': { 'f:annotations': { 'f:flagrelay.dev/applied-hash': {} } } };
  return {
    metadata: {
      name: 'demo-relay',
      namespace: 'team',
      labels: { 'app.kubernetes.io/instance': instance, 'app.kubernetes.io/managed-by': managedBy },
      annotations: { ...(hash && { 'flagrelay.dev/applied-hash': hash }) },
      managedFields: applied ? [{ manager: 'flagrelay-operator', operation: 'Apply', fieldsV1 }] : [],
    },
  };
}

test('what an orphan delete left behind is ours again, and a copy of its labels is not', () => {
  assert.equal(of(orphan({})), 'orphan');
  assert.equal(of(orphan({ hash: 'of another spec' })), 'orphan', 'our apply is on record');
  assert.equal(of(orphan({ applied: false })), 'orphan', 'the hash of what would be applied now');
  assert.equal(of(orphan({ applied: false, hash: 'copied' })), 'foreign');
  assert.equal(of(orphan({ hash: '' })), 'foreign');
  assert.equal(of(orphan({ instance: 'another' })), 'foreign', 'made for another RelayProxy');
  assert.equal(of(orphan({ managedBy: 'Helm' })), 'foreign');
});

test('an orphan wakes the RelayProxy of its name', () => {
  assert.deepEqual(orphanKeys(orphan({})), ['team/demo']);
  assert.deepEqual(orphanKeys(orphan({ managedBy: 'Helm' })), []);
  assert.deepEqual(orphanKeys({ metadata: { ...orphan({}).metadata, ownerReferences: [own] } }), []);
});
