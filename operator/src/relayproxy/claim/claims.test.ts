import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiErrorFrom, isConflict } from '@flagrelay/kube/api-error';
import type { KubernetesObject, ObjectRef } from '../../runtime/objects.ts';
import type { RestClient } from '../../runtime/rest-types.ts';
import type { RawRelayProxy } from '../resources/kubernetes-types.ts';
import { type Claims, createClaims } from './claims.ts';

const MINUTE = 60_000;
const signal = new AbortController().signal;

/** RelayProxies in memory with what claims need of an API server: conditional merge patches of the status. */
function createWorld(names: readonly string[], { keeps = true } = {}) {
  let version = 1;
  let now = 0;
  const objects = new Map<string, RawRelayProxy>(
    names.map((name) => [
      name,
      { metadata: { name, namespace: 'team', uid: `uid-${name}`, resourceVersion: String(version) } },
    ]),
  );
  let writes = 0;
  const patch = async (_type: unknown, ref: ObjectRef, { body }: { body: RawRelayProxy }) => {
    const found = objects.get(ref.name)!;
    writes += 1;
    if (body.metadata?.resourceVersion !== found.metadata?.resourceVersion) {
      throw apiErrorFrom(
        409,
        JSON.stringify({ kind: 'Status', reason: 'Conflict', message: 'modified' }),
        undefined,
        '',
      );
    }
    version += 1;
    const merged = { ...found.status?.operator, ...body.status?.operator };
    const operator = Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null));
    const status = keeps ? { operator } : {};
    const stored = { metadata: { ...found.metadata, resourceVersion: String(version) }, status };
    objects.set(ref.name, stored as RawRelayProxy);
    return stored as KubernetesObject;
  };
  const client = { patch } as unknown as Pick<RestClient, 'patch'>;
  return {
    operator: (name: string): Claims => createClaims(client, name, { now: () => now }),
    get: (name: string) => objects.get(name)!,
    holder: (name: string) => objects.get(name)?.status?.operator,
    writes: () => writes,
    pass: (ms: number) => {
      now += ms;
    },
  };
}

const A = 'a/flagrelay-operator';
const B = 'b/flagrelay-operator';

test('the first operator claims a RelayProxy by one write, and no other afterwards', async () => {
  const world = createWorld(['one']);
  const a = world.operator(A);
  const stale = world.get('one');
  assert.deepEqual(await a.check(stale, signal), { ours: true });
  assert.deepEqual(await a.check(stale, signal), { ours: true }, 'the cache lags behind');
  assert.deepEqual(await a.check(world.get('one'), signal), { ours: true });
  assert.deepEqual(
    await world.operator(A).check(world.get('one'), signal),
    { ours: true },
    'the next leader of the release',
  );
  assert.equal(world.writes(), 1);
  assert.deepEqual(world.holder('one'), { name: A });
});

test('of two that see an unclaimed one at the same time, one gets it', async () => {
  const world = createWorld(['one']);
  const unclaimed = world.get('one');
  await world.operator(A).check(unclaimed, signal);
  await assert.rejects(world.operator(B).check(unclaimed, signal), isConflict);
  assert.deepEqual(world.holder('one'), { name: A });
});

test('a second operator stands back, says so once, and asks once in two minutes for a whole namespace', async () => {
  const world = createWorld(['one', 'two', 'three']);
  const [a, b] = [world.operator(A), world.operator(B)];
  const names = ['one', 'two', 'three'];
  for (const name of names) await a.check(world.get(name), signal);
  const before = world.writes();
  for (const name of names) {
    assert.deepEqual(await b.check(world.get(name), signal), {
      ours: false,
      by: A,
      news: true,
      recheckAfterMs: 2 * MINUTE,
    });
  }
  assert.deepEqual(world.holder('one'), { name: A, askedBy: B });
  assert.deepEqual(await a.check(world.get('one'), signal), { ours: true });
  assert.deepEqual(world.holder('one'), { name: A }, 'answered');
  for (let look = 0; look < 9; look += 1) {
    world.pass(10_000);
    for (const name of names) {
      const claim = await b.check(world.get(name), signal);
      assert.ok(!claim.ours && !claim.news);
    }
  }
  assert.equal(world.writes() - before, 2, 'one question, one answer');
  assert.equal(b.leftAlone, 3);
  world.pass(40_000);
  await b.check(world.get('two'), signal);
  assert.deepEqual(world.holder('two'), { name: A, askedBy: B });
});

test('what an operator that is gone had is taken over after two minutes; it stands back when it comes again', async () => {
  const world = createWorld(['one', 'two']);
  const [a, b] = [world.operator(A), world.operator(B)];
  for (const name of ['one', 'two']) await a.check(world.get(name), signal);
  for (const name of ['one', 'two']) await b.check(world.get(name), signal);
  world.pass(2 * MINUTE - 1);
  assert.ok(!(await b.check(world.get('one'), signal)).ours);
  world.pass(1);
  assert.ok((await b.check(world.get('one'), signal)).ours);
  assert.ok((await b.check(world.get('two'), signal)).ours, 'without a question of its own');
  assert.equal(b.leftAlone, 0);
  assert.deepEqual([world.holder('one'), world.holder('two')], [{ name: B }, { name: B }]);
  assert.ok(!(await a.check(world.get('one'), signal)).ours);
  assert.ok((await b.check(world.get('one'), signal)).ours);
});

test('a restart of the one that asks begins the wait again, and never ends it early', async () => {
  const world = createWorld(['one']);
  await world.operator(A).check(world.get('one'), signal);
  await world.operator(B).check(world.get('one'), signal);
  world.pass(2 * MINUTE);
  const restarted = world.operator(B);
  assert.ok(!(await restarted.check(world.get('one'), signal)).ours);
  world.pass(2 * MINUTE);
  assert.ok((await restarted.check(world.get('one'), signal)).ours);
});

test('a RelayProxy that is deleted while its holder is asked leaves no wait behind', async () => {
  const world = createWorld(['one', 'two']);
  const [a, b] = [world.operator(A), world.operator(B)];
  for (const name of ['one', 'two']) await a.check(world.get(name), signal);
  await b.check(world.get('one'), signal);
  b.forget('team/one');
  await b.check(world.get('two'), signal);
  assert.deepEqual(world.holder('two'), { name: A, askedBy: B });
  assert.equal(b.leftAlone, 1);
});

test('one that was deleted and made again is claimed again', async () => {
  const world = createWorld(['one'], { keeps: false });
  const a = world.operator(A);
  const { metadata } = world.get('one');
  await a.check(world.get('one'), signal);
  const again = { metadata: { ...world.get('one').metadata, uid: 'uid-of-another' } };
  assert.notEqual(again.metadata.uid, metadata?.uid);
  assert.ok((await a.check(again, signal)).ours);
  assert.equal(world.writes(), 2);
});

test('where the CRD is that of an older release, which keeps no claim, it is tried once', async () => {
  const world = createWorld(['one'], { keeps: false });
  const a = world.operator(A);
  for (let look = 0; look < 3; look += 1) assert.ok((await a.check(world.get('one'), signal)).ours);
  assert.equal(world.writes(), 1);
});
