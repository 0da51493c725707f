import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyDemo } from '../demo/run.ts';
import { waitFor } from '../machine/wait-for.ts';
import { operatorNamespace } from '../product/install.ts';
import { killPod, leaderPod } from './support/leader.ts';
import { observed } from './support/observed.ts';
import { openStage, waitReady } from './support/stage.ts';

test('an operator killed in the middle of a rollout is replaced within its lease, and the rollout finishes', {
  timeout: 600_000,
}, async (t) => {
  const stage = await openStage('operator-killed');
  t.after(stage.close);
  const { kubectl, namespace } = stage;
  await applyDemo(kubectl, namespace);
  const leader = await leaderPod(kubectl);

  // A new pod annotation is a rollout of all pods.
  const patch = JSON.stringify({ spec: { podTemplate: { annotations: { 'example.com/rollout': 'second' } } } });
  await kubectl.run(['patch', 'relayproxy', 'demo', '-n', namespace, '--type=merge', '-p', patch]);
  await kubectl.waitForObject(
    'deployment',
    'demo-relay',
    namespace,
    'rollout has begun',
    (d) => Number(d.status?.updatedReplicas ?? 0) > 0,
  );
  const how = await killPod(kubectl, leader, operatorNamespace);
  const killed = performance.now();
  const lease = (await kubectl.list('leases', operatorNamespace))[0];
  const holderBefore = lease?.spec?.holderIdentity;
  const transitionsBefore = Number(lease?.spec?.leaseTransitions ?? 0);

  await waitFor(
    'another operator leads',
    async () => {
      const now = (await kubectl.list('leases', operatorNamespace))[0];
      return now?.spec?.holderIdentity !== holderBefore || Number(now?.spec?.leaseTransitions ?? 0) > transitionsBefore
        ? true
        : undefined;
    },
    { timeoutMs: 60_000 },
  );
  const takeover = (performance.now() - killed) / 1000;
  await kubectl.rolloutStatus('demo-relay', namespace);
  const demo = await waitReady(stage, 'demo');
  observed('operator-killed-mid-rollout', { how, takeoverSeconds: takeover });

  assert.equal(demo.status.updatedReplicas, 3);
  const pods = await kubectl.list('pods', namespace, 'app.kubernetes.io/instance=demo');
  // An old pod may still hand over its streams.
  for (const pod of pods.filter((p) => p.metadata.deletionTimestamp === undefined))
    assert.equal(pod.metadata.annotations?.['example.com/rollout'], 'second');
});
