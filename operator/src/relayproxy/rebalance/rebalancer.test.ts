import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Snapshot } from '../status/snapshot.ts';
import { complete, healthy, pod, report } from '../testing/test-snapshot.ts';
import { settledStreams } from './rebalancer.ts';

const instances = ['a', 'b', 'c'].map((zone, at) => report(zone, { connections: at }));

test('streams count only while no pod comes or goes and all have reported', () => {
  const cases: [what: string, change: Partial<Snapshot>, counts: number[] | undefined][] = [
    ['all well', {}, [0, 1, 2]],
    ['no Deployment', { deployment: undefined }, undefined],
    ['not yet acted on', { deployment: { ...complete, observed: false } }, undefined],
    ['a rollout', { deployment: { ...complete, updated: 1 } }, undefined],
    ['a pod too many', { deployment: { ...complete, replicas: 4 } }, undefined],
    ['not available for long enough', { deployment: { ...complete, available: 2 } }, undefined],
    ['one is not ready', { pods: [pod('a'), pod('b'), pod('c', { ready: false })] }, undefined],
    ['one is going away', { pods: [pod('a'), pod('b'), pod('c'), pod('d', { terminating: true })] }, undefined],
    ['one has not reported', { instances: instances.slice(1) }, undefined],
    [
      'one reported as another pod of its name',
      { instances: [...instances.slice(1), report('a', { uid: 'x', connections: 1 })] },
      undefined,
    ],
  ];
  for (const [what, change, counts] of cases) {
    const streams = settledStreams(healthy({ instances, ...change }));
    assert.deepEqual(
      streams?.map(({ connections }) => connections),
      counts,
      what,
    );
  }
});
