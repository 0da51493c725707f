import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubernetesObject, OwnerReference } from '../../runtime/objects.ts';
import { testRelayProxy } from '../testing/test-relay-proxy.ts';
import { ownerReference, ownershipOf } from './ownership.ts';

const relayProxy = testRelayProxy();
const own = ownerReference(relayProxy);
const object = (ownerReferences: OwnerReference[], adopt?: string): KubernetesObject => ({
  metadata: { name: 'x', ownerReferences, ...(adopt && { annotations: { 'flagrelay.dev/adopt': adopt } }) },
});

test('who a child belongs to', () => {
  const other = { apiVersion: 'v1', kind: 'Other', name: 'demo', uid: 'u', controller: true };
  assert.equal(ownershipOf(object([own]), relayProxy), 'ours');
  assert.equal(ownershipOf(object([]), relayProxy), 'foreign');
  assert.equal(ownershipOf(object([], 'true'), relayProxy), 'ours');
  assert.equal(ownershipOf(object([], 'yes'), relayProxy), 'foreign');
  assert.equal(ownershipOf(object([other], 'true'), relayProxy), 'foreign', 'an object has one controller at most');
  assert.equal(ownershipOf(object([{ ...other, controller: false }]), relayProxy), 'foreign');
  assert.equal(ownershipOf(object([{ ...own, uid: 'of the one before' }]), relayProxy), 'leftover');
});
