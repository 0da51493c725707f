import assert from 'node:assert/strict';
import { test } from 'node:test';
import { slimDeployment } from './slim-deployment.ts';

test('of managedFields only those that own the replicas are kept', () => {
  const replicas = { 'f:spec': { 'f:replicas': {} } };
  const slim = slimDeployment({
    metadata: {
      name: 'a',
      managedFields: [
        {
          manager: 'flagrelay-operator',
          operation: 'Apply',
          fieldsV1: { 'f:spec': { 'f:replicas': {}, 'f:paused': {} } },
        },
        { manager: 'hpa', operation: 'Update', subresource: 'scale', fieldsV1: replicas },
        { manager: 'kube-controller-manager', operation: 'Update', fieldsV1: { 'f:status': {} } },
      ],
    },
  });
  assert.deepEqual(slim, {
    metadata: {
      name: 'a',
      managedFields: [
        { manager: 'flagrelay-operator', operation: 'Apply', fieldsV1: replicas },
        { manager: 'hpa', operation: 'Update', subresource: 'scale', fieldsV1: replicas },
      ],
    },
  });
});
