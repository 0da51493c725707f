import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectionsLimit } from './connections-limit.ts';

const sizing = { replicas: 3, connectionsPerReplica: 1000 };

test('the limit is what the largest fleet has room for, by the spec or by the sizing', () => {
  assert.equal(connectionsLimit({ spec: {} }), undefined);
  assert.equal(connectionsLimit({ spec: { autoscaling: { maxReplicas: 5 } } }), undefined);
  assert.equal(connectionsLimit({ spec: { autoscaling: { maxReplicas: 5, targetConnectionsPerReplica: 200 } } }), 1000);
  assert.equal(connectionsLimit({ spec: {}, status: { sizing } }), 3000);
  assert.equal(connectionsLimit({ spec: {}, status: { sizing: { ...sizing, maxReplicas: 6 } } }), 6000);
  const autoscaling = { targetConnectionsPerReplica: 500 };
  assert.equal(connectionsLimit({ spec: { autoscaling }, status: { sizing: { ...sizing, maxReplicas: 6 } } }), 3000);
});
