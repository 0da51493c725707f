import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Deployment } from '../resources/kubernetes-types.ts';
import { complete } from '../testing/test-snapshot.ts';
import { deploymentFacts } from './deployment-facts.ts';

const spec = { replicas: 3 } as NonNullable<Deployment['spec']>;
const counts = { replicas: 3, readyReplicas: 3, updatedReplicas: 3, availableReplicas: 3 };

test('a complete rollout', () => {
  const deployment = { metadata: { generation: 2 }, spec, status: { observedGeneration: 2, ...counts } };
  assert.deepEqual(deploymentFacts(deployment), complete);
});

test('a new Deployment, whose controller has not looked yet', () => {
  const facts = deploymentFacts({ metadata: { generation: 1 }, spec });
  assert.deepEqual([facts.observed, facts.ready, facts.desired], [false, 0, 3]);
});

test('a rollout that is stuck, and pods that cannot be made, in the words of those who know', () => {
  const conditions = [
    { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: 'timed out' },
    { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'exceeded quota' },
  ];
  const facts = deploymentFacts({ metadata: {}, spec, status: { conditions } });
  assert.equal(facts.deadlineExceeded, 'timed out');
  assert.equal(facts.replicaFailure, 'exceeded quota');
});
