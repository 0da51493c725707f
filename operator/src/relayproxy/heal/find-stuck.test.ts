import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InstanceStatus, RelayProxySpecManifest } from '@flagrelay/crds';
import type { PodFacts } from '../pods/pod-facts.ts';
import type { Snapshot } from '../status/snapshot.ts';
import { ago, complete, healthy, NOW, pod, report } from '../testing/test-snapshot.ts';
import { findStuck } from './find-stuck.ts';

const STUCK_AFTER_MS = 300_000;
const minutes = (count: number): number => count * 60_000;
const old = { createdAt: NOW - minutes(60) };
const pods = (...changes: Partial<PodFacts>[]): PodFacts[] =>
  ['a', 'b', 'c'].map((zone, index) => pod(zone, { ...old, ...changes[index] }));

type Unhealthy = NonNullable<InstanceStatus['unhealthy']>;
const interrupted = (seconds: number, name = 'production'): Unhealthy => [
  { name, state: 'INTERRUPTED', lastTransitionTime: ago(seconds) },
];
const initializing: Unhealthy = [{ name: 'production', state: 'INITIALIZING', lastTransitionTime: ago(400) }];
const off: Unhealthy = [{ name: 'production', state: 'OFF', lastTransitionTime: ago(400) }];
/** Reports of pods a, b and c; the first has these unhealthy environments. */
const reports = (unhealthy: Unhealthy, change: Partial<InstanceStatus> = {}): InstanceStatus[] => [
  report('a', { unhealthy, ...change }),
  report('b'),
  report('c'),
];
const stuck = reports(interrupted(400));

const cases: [what: string, restarted: boolean, change: Partial<Snapshot>, spec?: RelayProxySpecManifest][] = [
  ['all is well', false, {}],
  ['a pod that stands by in daemon mode', false, { instances: reports([], { totalEnvironments: 0 }) }],
  ['cut off for long while others are connected', true, { instances: stuck }],
  ['without data for long while others have it', true, { instances: reports(initializing) }],
  ['cut off just now', false, { instances: reports(interrupted(200)) }],
  ['a refused key', false, { instances: reports(off) }],
  [
    'everybody is cut off',
    false,
    { instances: ['a', 'b', 'c'].map((zone) => report(zone, { unhealthy: interrupted(400) })) },
  ],
  [
    'only some of its environments are stuck',
    false,
    { instances: reports(interrupted(400), { totalEnvironments: 2 }) },
  ],
  ['the others have another configuration', false, { instances: reports(interrupted(400), { configHash: 'new' }) }],
  ['the only others are not ready', false, { instances: stuck, pods: pods({}, { ready: false }, { ready: false }) }],
  ['another pod is being deleted', false, { instances: stuck, pods: pods({}, { terminating: true }) }],
  ['another pod was made just now', false, { instances: stuck, pods: pods({}, { createdAt: NOW - minutes(9) }) }],
  ['a rollout is under way', false, { instances: stuck, deployment: { ...complete, updated: 2 } }],
  ['the fleet is being scaled', false, { instances: stuck, deployment: { ...complete, desired: 4 } }],
  ['it is paused', false, { instances: stuck, outcome: { kind: 'paused' } }],
  [
    'another pod is not ready: one less would be below the floor',
    false,
    { instances: stuck, pods: pods({}, {}, { ready: false }) },
  ],
  ['it is not ready itself, so that nobody loses by it', true, { instances: stuck, pods: pods({ ready: false }) }],
  ['the budget allows none to be missing', false, { instances: stuck }, { disruptionBudget: { minAvailable: 3 } }],
  [
    'the budget allows two to be missing',
    true,
    { instances: stuck, pods: pods({}, {}, { ready: false }) },
    { disruptionBudget: { maxUnavailable: 2 } },
  ],
];

for (const [what, restarted, change, spec] of cases) {
  test(`${what}: ${restarted ? 'restarted' : 'left alone'}`, () => {
    const decision = findStuck(healthy({ pods: pods(), ...change }, spec), STUCK_AFTER_MS);
    assert.equal(decision.kind, restarted ? 'restart' : 'none');
    if (decision.kind === 'restart') assert.equal(decision.pod.name, 'pod-a');
  });
}

test('what a pod says of all its environments at once counts for each of them', () => {
  const environments = ['x', 'y', 'z'].map((name) => ({ name, sdkKeyRef: { name, key: 'sdk' } }));
  const decide = (...lists: Unhealthy[]) => {
    const instances = ['a', 'b'].map((zone, index) =>
      report(zone, { totalEnvironments: 3, unhealthy: lists[index] ?? [] }),
    );
    return findStuck(healthy({ pods: pods(), instances }, { environments }), STUCK_AFTER_MS).kind;
  };
  assert.equal(decide(interrupted(400, '*')), 'restart');
  assert.equal(decide(interrupted(400, '*'), off), 'none', 'its peer is not well either');
  assert.equal(decide([...interrupted(400, '*'), { name: 'y', state: 'VALID' }]), 'none', 'one of them is well');
});

test('the pod that has been stuck longest goes first, and the words say why', () => {
  const instances = [
    report('a', { unhealthy: interrupted(400) }),
    report('b', { unhealthy: interrupted(900) }),
    report('c'),
  ];
  const decision = findStuck(healthy({ pods: pods(), instances }), STUCK_AFTER_MS);
  assert.equal(decision.kind, 'restart');
  assert.equal(
    decision.kind === 'restart' && decision.note,
    'All 1 environments of pod pod-b have been INTERRUPTED for 15 min while they are VALID in another pod; the pod is evicted, to be replaced by a new one.',
  );
});

test('says when to look again', () => {
  const again = (change: Partial<Snapshot>) => {
    const decision = findStuck(healthy({ pods: pods(), ...change }), STUCK_AFTER_MS);
    return decision.kind === 'none' && decision.againInMs;
  };
  assert.equal(again({ instances: reports(interrupted(200)) }), 100_000);
  assert.equal(again({ instances: stuck, pods: pods({}, { createdAt: NOW - minutes(9) }) }), minutes(1));
  assert.equal(again({}), undefined);
});
