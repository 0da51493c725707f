import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RelayProxy, RelayProxyStatus } from '@flagrelay/crds';
import { createFakeClock } from '@flagrelay/kube/testing/fake-clock';
import { ObjectStore } from '../../runtime/store.ts';
import { ownerReference } from '../children/ownership.ts';
import { buildDeployment } from '../resources/deployment.ts';
import type { Deployment, RawRelayProxy } from '../resources/kubernetes-types.ts';
import { relayName } from '../resources/names.ts';
import { testFacts, testRelayProxy } from '../testing/test-relay-proxy.ts';
import { createUpgradeGate, upgradeIndex, upgradeKeys } from './gate.ts';

const lastTransitionTime = '2026-11-21T10:00:00Z';
const settled: RelayProxyStatus = {
  observedGeneration: 1,
  conditions: [{ type: 'Reconciled', status: 'True', reason: 'Applied', message: '', lastTransitionTime }],
};
const OLD = 'registry.test/relay:1.2.2';

/** Fleets `team/a`, `team/b`, …, all running the last release, under an operator of the next one. */
function setUp(names: string, options: { maxConcurrent?: number; delayMs?: number } = {}) {
  const clock = createFakeClock();
  const deployments = new ObjectStore<Deployment>({ [upgradeIndex]: upgradeKeys });
  const relayProxies = new ObjectStore<RawRelayProxy>();
  const woken: string[] = [];
  let version = 0;
  const fleets = new Map(
    [...names].map((name): [string, RelayProxy] => {
      const relayProxy = testRelayProxy();
      return [name, { ...relayProxy, metadata: { ...relayProxy.metadata, name, uid: name } }];
    }),
  );
  const fleet = (name: string) => fleets.get(name) as RelayProxy;
  const desired = (name: string, mark?: string) => buildDeployment(fleet(name), { ...testFacts, upgradeMark: mark });

  /** What the cluster has of a fleet: its Deployment, with so many pods of the newest template. */
  function store(deployment: Deployment, name: string, updated: number, failed = false): void {
    const conditions = failed
      ? [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: 'too slow' }]
      : [];
    deployments.upsert({
      ...deployment,
      metadata: {
        ...deployment.metadata,
        ownerReferences: [ownerReference(fleet(name))],
        resourceVersion: `${++version}`,
      },
      status: { replicas: 3, updatedReplicas: updated, readyReplicas: 3, availableReplicas: 3, conditions },
    });
  }
  for (const [name, { metadata, spec }] of fleets) {
    relayProxies.upsert({ metadata: { ...metadata, resourceVersion: '1' } as object, spec });
    store(buildDeployment(fleet(name), { ...testFacts, relayImage: OLD }), name, 3);
  }
  const newGate = () =>
    createUpgradeGate({
      deployments,
      relayProxies,
      clock,
      maxConcurrent: options.maxConcurrent ?? 1,
      delayMs: options.delayMs ?? 0,
      wake: (key, afterMs) => woken.push(afterMs > 0 ? `${key} in ${afterMs}` : key),
    });
  let gate = newGate();
  const ask = (name: string, status: RelayProxyStatus = settled) => {
    const live = deployments.get({ name: relayName(fleet(name)), namespace: 'team' });
    return gate.admit({ relayProxy: fleet(name), status, live, desired: desired(name) });
  };
  return {
    clock,
    woken,
    ask,
    why: (name: string) => {
      const admission = ask(name);
      return admission.kind === 'wait' ? admission.why : 'go';
    },
    /** The fleet's turn: it is admitted, and the cache shows what was applied. */
    begin(name: string, updated = 1, failed = false) {
      const admission = ask(name);
      assert.equal(admission.kind, 'go');
      store(desired(name, admission.kind === 'go' ? admission.mark : undefined), name, updated, failed);
    },
    progress(name: string, updated: number, failed = false) {
      const live = deployments.get({ name: relayName(fleet(name)), namespace: 'team' });
      store(live as Deployment, name, updated, failed);
    },
    pause(name: string) {
      const { metadata } = fleet(name);
      relayProxies.upsert({ metadata: { ...metadata, resourceVersion: '2' } as object, spec: { paused: true } });
    },
    remove: (name: string) => relayProxies.remove({ metadata: { name, namespace: 'team' } }),
    restartOperator: () => {
      gate = newGate();
    },
  };
}

test('one fleet at a time, the next one when it is complete, in the order of their names', () => {
  const { ask, begin, progress, woken } = setUp('abc');
  assert.equal(ask('b').kind, 'go', 'who asks first is first');
  assert.equal(ask('c').kind, 'wait', 'also while the cache does not show it yet');
  assert.equal(ask('a').kind, 'wait');
  begin('b');
  assert.equal(ask('a').kind, 'wait');
  progress('b', 3);
  ask('b');
  assert.deepEqual(woken, ['team/a']);
  begin('a', 3);
  ask('a');
  assert.deepEqual(woken.slice(-1), ['team/c']);
  assert.equal(ask('c').kind, 'go');
});

test('as many as are allowed', () => {
  const { ask } = setUp('abcd', { maxConcurrent: 3 });
  assert.deepEqual(
    [...'abcd'].map((name) => ask(name).kind),
    ['go', 'go', 'go', 'wait'],
  );
});

test('an edit of the spec is never held back, and does not hold back others', () => {
  const { ask, begin } = setUp('abc');
  begin('a');
  assert.deepEqual(ask('b', { ...settled, observedGeneration: 0 }), { kind: 'go', mark: undefined });
});

test('another leader finds in the cluster what is under way', () => {
  const { ask, begin, progress, restartOperator } = setUp('abc');
  begin('b');
  restartOperator();
  assert.equal(ask('a').kind, 'wait');
  assert.equal(ask('b').kind, 'go', 'who has begun goes on');
  progress('b', 3);
  assert.equal(ask('a').kind, 'go');
});

test('a fleet that does not get ready stops the upgrade, and those that wait say so', () => {
  const { begin, why, progress, pause } = setUp('abc');
  begin('a');
  const turn = "A newer pod template of this operator's release";
  assert.equal(why('b'), `${turn} waits for its turn: 1 RelayProxies are upgraded at a time.`);
  progress('a', 1, true);
  assert.match(why('b'), /The upgrade has stopped: the new pods of RelayProxy a do not get ready\./);
  pause('a');
  assert.equal(why('b'), 'go', 'its owner looks after it');
});

test('what is left of a deleted RelayProxy holds up nobody', () => {
  const { begin, ask, remove } = setUp('ab');
  begin('a');
  assert.equal(ask('b').kind, 'wait');
  remove('a');
  assert.equal(ask('b').kind, 'go');
});

test('a fleet that was unwell before its turn holds up the others for ten minutes', async () => {
  const { begin, progress, ask, clock } = setUp('ab');
  progress('a', 2);
  begin('a');
  assert.equal(ask('b').kind, 'wait');
  await clock.advance(600_000);
  assert.equal(ask('b').kind, 'go');
});

test('a fleet that lacks a Secret is unwell before its turn: its new pods wait for the key, whatever the release is', () => {
  const { ask } = setUp('a');
  const missing = { type: 'ReferencesResolved', status: 'False', reason: 'CredentialMissing', message: '' } as const;
  const conditions = [...(settled.conditions ?? []), { ...missing, lastTransitionTime }];
  const admission = ask('a', { ...settled, conditions });
  assert.match(admission.kind === 'go' ? (admission.mark ?? '') : 'waits', / unwell$/);
});

test('the next upgrade begins no sooner than the delay allows, also after a restart of the operator', async () => {
  const { begin, ask, clock, woken, restartOperator } = setUp('abc', { delayMs: 60_000 });
  begin('a', 3);
  assert.equal(ask('b').kind, 'wait');
  restartOperator();
  assert.equal(ask('b').kind, 'wait');
  ask('a');
  assert.deepEqual(woken, ['team/b in 60000']);
  await clock.advance(60_000);
  assert.equal(ask('b').kind, 'go');
});
