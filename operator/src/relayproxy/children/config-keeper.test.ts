import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubernetesObject, ObjectRef } from '../../runtime/objects.ts';
import type { RestClient } from '../../runtime/rest-types.ts';
import type { Store } from '../../runtime/store-types.ts';
import type { ConfigMap } from '../resources/kubernetes-types.ts';
import { appliedHashAnnotation, fieldManager, instanceLabel, managedByLabel } from '../resources/names.ts';
import { testRelayProxy } from '../testing/test-relay-proxy.ts';
import { createConfigKeeper } from './config-keeper.ts';

/** A keeper over a cache that the test writes, and what it applied. */
function start() {
  const cached = new Map<string, ConfigMap>();
  const applied: ConfigMap[] = [];
  const newest: { uid: string; deletionTimestamp?: string } = { uid: 'uid-demo' };
  const client = {
    apply: async (_type: unknown, object: ConfigMap) => void applied.push(object),
    get: async () => ({ metadata: newest }),
  };
  const keeper = createConfigKeeper(client as unknown as RestClient);
  const store = { get: ({ name }: ObjectRef) => cached.get(name) } as unknown as Store<KubernetesObject>;
  const keep = (...names: string[]) =>
    keeper.keep({ relayProxy: testRelayProxy(), names, store, signal: new AbortController().signal });
  const write = (name: string) =>
    cached.set(name, { metadata: { name, labels: { a: 'b' }, resourceVersion: '7', uid: 'x' }, data: { f: name } });
  return { cached, applied, keeper, keep, write, newest };
}

test('a configuration that pods mount is made again as it was, and belongs to its RelayProxy', async () => {
  const { cached, applied, keep, write } = start();
  write('one');
  assert.deepEqual(await keep('one'), []);
  cached.delete('one');
  assert.deepEqual(await keep('one'), ['one']);
  assert.deepEqual(applied[0]?.data, { f: 'one' });
  assert.deepEqual(applied[0]?.metadata?.labels, { a: 'b' });
  assert.equal(applied[0]?.metadata?.ownerReferences?.[0]?.uid, 'uid-demo');
  assert.equal(applied[0]?.metadata?.resourceVersion, undefined);
});

test('one that no pod mounts any more is not, nor one that was never seen', async () => {
  const { cached, applied, keep, write } = start();
  write('one');
  await keep('one');
  await keep('two');
  cached.clear();
  assert.deepEqual(await keep('one', 'two'), []);
  assert.deepEqual(applied, []);
});

test('of a RelayProxy that is gone nothing is kept', async () => {
  const { cached, keeper, keep, write } = start();
  write('one');
  await keep('one');
  keeper.forget('uid-demo');
  cached.clear();
  assert.deepEqual(await keep('one'), []);
});

test('one that an orphan delete left behind is adopted, but not while its RelayProxy is being deleted', async () => {
  const { cached, applied, keep, newest } = start();
  const { name: instance = '' } = testRelayProxy().metadata;
  const ours = { 'f:metadata': { 'f:annotations': { [`f:${appliedHashAnnotation}`]: {} } } };
  cached.set('left', {
    metadata: {
      name: 'left',
      labels: { [managedByLabel]: fieldManager, [instanceLabel]: instance },
      annotations: { [appliedHashAnnotation]: 'of-before' },
      managedFields: [{ manager: fieldManager, operation: 'Apply', fieldsType: 'FieldsV1', fieldsV1: ours }],
    },
    data: { f: 'left' },
  });
  newest.deletionTimestamp = '2026-01-01T00:00:00Z';
  await assert.rejects(keep('left'), /is being deleted/);
  assert.equal(applied.length, 0);
  delete newest.deletionTimestamp;
  assert.deepEqual(await keep('left'), [], 'it was there all the time');
  assert.equal(applied[0]?.metadata?.ownerReferences?.[0]?.uid, 'uid-demo');
  assert.deepEqual(applied[0]?.data, { f: 'left' });
});
