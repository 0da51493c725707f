import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RelayProxyStatus } from '@flagrelay/crds';
import { buildDeployment } from '../resources/deployment.ts';
import type { Deployment } from '../resources/kubernetes-types.ts';
import { templateHashAnnotation } from '../resources/names.ts';
import { testFacts, testRelayProxy } from '../testing/test-relay-proxy.ts';
import { NOW } from '../testing/test-snapshot.ts';
import { formatMark, isComplete, isUnderWay, markOf, templateChange, UNWELL_HOLDS_MS } from './plan.ts';

const relayProxy = testRelayProxy();
const desired = buildDeployment(relayProxy, testFacts);
const older = buildDeployment(relayProxy, { ...testFacts, relayImage: 'registry.test/relay:1.2.2' });
const lastTransitionTime = '2026-11-21T10:00:00Z';
const settled: RelayProxyStatus = {
  observedGeneration: 1,
  conditions: [{ type: 'Reconciled', status: 'True', reason: 'Applied', message: '', lastTransitionTime }],
};
/** As an operator left it that knew nothing of template hashes. */
function unmarked(deployment: Deployment): Deployment {
  const { [templateHashAnnotation]: _hash, ...annotations } = deployment.metadata?.annotations ?? {};
  return { ...deployment, metadata: { ...deployment.metadata, annotations } };
}

const cases: [what: string, live: Deployment | undefined, status: RelayProxyStatus, expected: string][] = [
  ['there are no pods yet', undefined, {}, 'none'],
  ['the same template', desired, settled, 'none'],
  ['a template that somebody else changed', { ...older, metadata: desired.metadata }, settled, 'none'],
  ['another image of this release', older, settled, 'upgrade'],
  ['a spec that was not acted on yet', older, { ...settled, observedGeneration: 0 }, 'edit'],
  ['a spec that was refused', older, { observedGeneration: 1, conditions: [] }, 'edit'],
  ['the same template, from before it was hashed', unmarked(desired), settled, 'none'],
  ['another template, from before it was hashed', unmarked(older), settled, 'upgrade'],
];

for (const [what, live, status, expected] of cases) {
  test(`${what}: ${expected}`, () => assert.equal(templateChange(relayProxy, status, live, desired), expected));
}

test('a release that changes only labels of the Deployment replaces no pod', () => {
  const live = buildDeployment(relayProxy, { ...testFacts, version: '1.2.2' });
  assert.equal(templateChange(relayProxy, settled, live, desired), 'none');
});

function rolling(mark: string | undefined, updated: number): Deployment {
  const deployment = buildDeployment(relayProxy, { ...testFacts, upgradeMark: mark });
  return { ...deployment, status: { replicas: 3, updatedReplicas: updated, readyReplicas: 3, availableReplicas: 3 } };
}

test('a rollout is complete when its controller has seen it and all pods are updated, available and no more than wanted', () => {
  const complete = rolling(undefined, 3);
  assert.equal(isComplete(complete), true);
  for (const status of [{ availableReplicas: 2 }, { updatedReplicas: 2 }, { replicas: 4 }]) {
    assert.equal(isComplete({ ...complete, status: { ...complete.status, ...status } }), false, JSON.stringify(status));
  }
  const unseen = { ...complete, metadata: { ...complete.metadata, generation: 2 } };
  assert.equal(isComplete({ ...unseen, status: { ...complete.status, observedGeneration: 1 } }), false);
});

test('an upgrade is under way until it is complete; that of a fleet that was unwell before, for ten minutes at most', () => {
  const mark = formatMark({ startedAt: NOW, unwell: false });
  const unwell = formatMark({ startedAt: NOW, unwell: true });
  assert.deepEqual(markOf(rolling(unwell, 1)), { startedAt: NOW, unwell: true });
  assert.equal(markOf(rolling(undefined, 1)), undefined);
  const later = NOW + UNWELL_HOLDS_MS;
  assert.equal(isUnderWay(rolling(mark, 1), later), true);
  assert.equal(isUnderWay(rolling(mark, 3), later), false);
  assert.equal(isUnderWay(rolling(unwell, 1), later - 1), true);
  assert.equal(isUnderWay(rolling(unwell, 1), later), false);
  assert.equal(isUnderWay(rolling(undefined, 1), NOW), false, 'an edit is none');
});
