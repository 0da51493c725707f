import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiErrorFrom } from '@flagrelay/kube/api-error';
import type { KubernetesObject, ObjectRef, ResourceType } from '../../runtime/objects.ts';
import type { RestClient } from '../../runtime/rest-types.ts';
import type { Store } from '../../runtime/store-types.ts';
import { types } from '../resources/kubernetes-types.ts';
import { testRelayProxy } from '../testing/test-relay-proxy.ts';
import { createApplier } from './apply.ts';
import { LeftoverError } from './refuse-deleted.ts';

type Json = Record<string, unknown>;

const relayProxy = testRelayProxy();
const signal = new AbortController().signal;
const labels = { 'app.kubernetes.io/managed-by': 'flagrelay-operator', 'app.kubernetes.io/instance': 'demo' };
const metadata = { name: 'demo', namespace: 'team', labels };
const service = (type = 'ClusterIP') => ({ metadata, spec: { type, selector: { app: 'relay' } } }) as KubernetesObject;

function recordOf(value: unknown, atomic: readonly string[]): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  const entries = Object.entries(value).map(([key, item]) => [
    `f:${key}`,
    atomic.includes(key) ? {} : recordOf(item, atomic),
  ]);
  return Object.fromEntries(entries);
}

/** One Service in memory with what applying takes of an API server, and time that passes when it is told to. */
function createWorld() {
  let now = 0;
  let version = 0;
  let stored: KubernetesObject | undefined;
  let cached: KubernetesObject | undefined;
  let applies = 0;
  let admit = (object: KubernetesObject): KubernetesObject => object;
  let deleting = false;
  const store = (object: KubernetesObject) => {
    version += 1;
    stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
    cached = stored;
    return stored;
  };
  const client = {
    async get(type: ResourceType, _ref: ObjectRef) {
      if (type === types.relayProxy) {
        return { metadata: { ...relayProxy.metadata, ...(deleting && { deletionTimestamp: 'now' }) } };
      }
      if (stored !== undefined) return stored;
      throw apiErrorFrom(
        404,
        JSON.stringify({ kind: 'Status', reason: 'NotFound', message: 'not found' }),
        undefined,
        '',
      );
    },
    async apply(_type: ResourceType, object: KubernetesObject) {
      applies += 1;
      const fieldsV1 = recordOf(object, ['selector', 'ownerReferences']);
      const managedFields = [{ manager: 'flagrelay-operator', operation: 'Apply', fieldsV1 }];
      return store(admit({ ...object, metadata: { ...object.metadata, managedFields } }));
    },
  } as unknown as RestClient;
  const storeOf = () => ({ get: () => cached }) as unknown as Store<KubernetesObject>;
  const applier = createApplier({ client, storeOf, clock: { now: () => now } });
  return {
    applier,
    apply: (desired = service()) => applier.apply({ relayProxy, type: types.service, desired, signal }),
    applies: () => applies,
    /** Somebody else writes: takes `spec.type`. */
    steal() {
      const managedFields = [
        { manager: 'flagrelay-operator', operation: 'Apply', fieldsV1: { 'f:spec': { 'f:selector': {} } } },
        { manager: 'thief', operation: 'Update', fieldsV1: { 'f:spec': { 'f:type': {} } } },
      ];
      const spec = { ...(stored as { spec?: object }).spec, type: 'NodePort' };
      store({ ...stored, metadata: { ...stored?.metadata, managedFields }, spec } as KubernetesObject);
    },
    disown() {
      const { ownerReferences: _gone, ...rest } = stored?.metadata ?? {};
      store({ ...stored, metadata: rest });
    },
    remove() {
      stored = undefined;
      cached = undefined;
    },
    /** The cache shows what it showed before the last write. */
    lag(object: KubernetesObject | undefined) {
      cached = object;
    },
    current: () => stored,
    admitAs(change: typeof admit) {
      admit = change;
    },
    beginDelete() {
      deleting = true;
    },
    pass(ms: number) {
      now += ms;
    },
  };
}

test('a child is written once, and again only when it or what is wanted changes', async () => {
  const world = createWorld();
  assert.equal((await world.apply()).change, 'created');
  assert.equal((await world.apply()).change, 'unchanged');
  assert.equal((await world.apply(service('LoadBalancer'))).change, 'updated');
  assert.equal(world.applies(), 2);
});

test('a cache that lags behind an apply is no drift', async () => {
  const world = createWorld();
  await world.apply();
  world.steal();
  const old = world.current();
  await world.apply();
  world.lag(old);
  for (let look = 0; look < 5; look += 1) assert.equal((await world.apply()).contest, undefined);
  assert.equal(world.applies(), 2);
  world.pass(60_000);
  await world.apply();
  assert.equal(world.applies(), 3, 'but what it shows a minute later is so');
});

test('the third theft within a minute is a contest: what is stolen then waits, and an edit does not', async () => {
  const world = createWorld();
  await world.apply();
  for (const round of [1, 2, 3]) {
    world.steal();
    const { change, contest } = await world.apply();
    assert.equal(change, 'updated');
    assert.equal(contest?.reason, round < 3 ? undefined : 'DriftsBack');
  }
  world.steal();
  const { contest } = await world.apply();
  assert.ok(contest?.paths.includes('spec.type'));
  assert.deepEqual(contest?.holders, ['thief']);
  assert.equal(world.applies(), 4, 'put back later');
  await world.apply(service('LoadBalancer'));
  assert.equal(world.applies(), 5, 'an edit does not wait');
  world.steal();
  world.pass(600_000);
  await world.apply(service('LoadBalancer'));
  assert.equal(world.applies(), 6);
});

test('an upgrade that another operator undoes each time is a contest, though each round has another time', async () => {
  const world = createWorld();
  const upgradedAt = (time: string) => {
    const annotations = { 'flagrelay.dev/upgrade-started': time };
    return { ...service(), metadata: { ...metadata, annotations } };
  };
  await world.apply(upgradedAt('1'));
  for (const time of ['2', '3', '4', '5', '6']) {
    world.steal();
    await world.apply(upgradedAt(time));
  }
  assert.equal(world.applies(), 4);
});

test('what we deleted ourselves is made again as often as it is asked for', async () => {
  const world = createWorld();
  for (let round = 0; round < 5; round += 1) {
    assert.deepEqual(await world.apply(), { change: 'created', contest: undefined });
    world.remove();
    world.applier.drop(types.service, metadata);
  }
});

test('what somebody else deletes each time is a contest', async () => {
  const world = createWorld();
  for (let round = 0; round < 4; round += 1) {
    await world.apply();
    world.remove();
  }
  const { change, contest } = await world.apply();
  assert.equal(change, 'unchanged');
  assert.deepEqual([contest?.reason, contest?.paths], ['DriftsBack', []]);
});

test('what is changed on its way in is told at once, tried again later, and over once it is not', async () => {
  const world = createWorld();
  world.admitAs(
    (object) => ({ ...object, spec: { type: 'NodePort', selector: { app: 'relay' } } }) as KubernetesObject,
  );
  const { contest } = await world.apply();
  assert.deepEqual([contest?.reason, contest?.paths], ['Overridden', ['spec.type']]);
  for (let look = 0; look < 5; look += 1) assert.equal((await world.apply()).contest?.reason, 'Overridden');
  assert.equal(world.applies(), 1);
  world.admitAs((object) => object);
  world.pass(10_000);
  assert.equal((await world.apply()).contest, undefined);
  assert.equal(world.applies(), 2);
});

test('an owner that was removed is put back, but not while the RelayProxy is being deleted and its children are let go', async () => {
  const world = createWorld();
  await world.apply();
  world.disown();
  assert.equal((await world.apply()).change, 'updated');
  world.disown();
  world.beginDelete();
  await assert.rejects(world.apply(), LeftoverError);
  assert.equal(world.applies(), 2);
});
