import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ScalingDecision } from '../scaling/decide.ts';
import { healthy } from '../testing/test-snapshot.ts';
import type { Snapshot } from './snapshot.ts';
import { computeStatus } from './status.ts';

const spec = { autoscaling: { maxReplicas: 9, targetConnectionsPerReplica: 100 } };
const decision: ScalingDecision = {
  replicas: 3,
  reason: 'AsWanted',
  wanted: 3,
  current: 3,
  connections: 1234,
  silent: 0,
  recheckAfterMs: undefined,
};
const told = (change: Partial<Snapshot>, given: object = spec) => {
  const found = computeStatus(healthy(change, given)).status.conditions?.find(({ type }) => type === 'Autoscaled');
  return found && `${found.status}/${found.reason}: ${found.message}`;
};

test('Autoscaled says what the connections ask for', () => {
  const cases: [change: Partial<ScalingDecision> | undefined, expected: string][] = [
    [undefined, 'Unknown/Initializing: There is no Deployment yet.'],
    [{}, 'True/AsWanted: 1,200 open streams on 3 pods are as wanted.'],
    [
      { reason: 'ScalingUp', wanted: 5, silent: 1 },
      'True/ScalingUp: 1,200 open streams on 3 pods (1 of which do not report) ask for 5.',
    ],
    [{ reason: 'ScalingDown', wanted: 2 }, 'True/ScalingDown: 1,200 open streams on 3 pods ask for 2.'],
    [
      { reason: 'Stabilizing', wanted: 2 },
      'True/Stabilizing: 1,200 open streams on 3 pods ask for 2, and 3 are kept until the load has been low for long enough.',
    ],
    [
      { reason: 'AtMinimum', wanted: 1 },
      'True/AtMinimum: 1,200 open streams on 3 pods ask for 1, and 3 is the minimum.',
    ],
    [
      { reason: 'AtMaximum', wanted: 12 },
      'False/AtMaximum: 1,200 open streams on 3 pods ask for 12, and the maximum does not allow it.',
    ],
    [
      { reason: 'ReportsMissing' },
      'Unknown/ReportsMissing: No ready pod has reported its streams, so that 3 pods are kept.',
    ],
  ];
  for (const [change, expected] of cases) {
    assert.equal(told({ scaling: change && { ...decision, ...change } }), expected);
  }
  assert.match(told({ outcome: { kind: 'paused' } }) ?? '', /^Unknown\/Paused/);
});

test('Autoscaled is absent where connections do not decide', () => {
  assert.equal(told({}, {}), undefined);
  assert.equal(told({}, { autoscaling: { maxReplicas: 9 } }), undefined);
});
