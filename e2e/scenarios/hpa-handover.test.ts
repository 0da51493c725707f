import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyFleet, fleetName } from './support/fleet.ts';
import { observed } from './support/observed.ts';
import { watchReplicas } from './support/replicas.ts';
import { openStage, waitReady } from './support/stage.ts';

const deployment = `${fleetName}-relay`;

test('replicas go to an autoscaler and back, and there are never fewer pods than before', {
  timeout: 600_000,
}, async (t) => {
  const stage = await openStage('hpa-handover');
  t.after(stage.close);
  const { kubectl, namespace } = stage;
  const podTemplate = { terminationGracePeriodSeconds: 5 };
  await applyFleet(stage, { replicas: 4, podTemplate });
  await waitReady(stage, fleetName);
  await kubectl.rolloutStatus(deployment, namespace);
  const watch = watchReplicas(kubectl, deployment, namespace);
  t.after(watch.stop);
  await watch.waitFor('four ready pods', ({ ready }) => ready === 4, 30_000);

  await applyFleet(stage, { autoscaling: { maxReplicas: 6 }, podTemplate });
  await waitReady(stage, fleetName);
  await kubectl.waitForObject('hpa', deployment, namespace, 'an autoscaler', () => true);

  // It has no metrics here; its floor it keeps all the same, and that is a number that the operator never applied.
  await applyFleet(stage, { autoscaling: { minReplicas: 5, maxReplicas: 6 }, podTemplate });
  const scaled = await kubectl.waitForObject(
    'deployment',
    deployment,
    namespace,
    'five ready pods',
    (object) => object.spec?.replicas === 5 && object.status?.readyReplicas === 5,
  );
  const owners = await kubectl.run([
    'get',
    'deployment',
    deployment,
    '-n',
    namespace,
    '-o',
    'json',
    '--show-managed-fields',
  ]);
  const managers = ownersOfReplicas(JSON.parse(owners));

  // Something for the operator to put back, which must leave the number alone.
  await kubectl.run(['patch', 'deployment', deployment, '-n', namespace, '-p', '{"spec":{"minReadySeconds":9}}']);
  await kubectl.waitForObject(
    'deployment',
    deployment,
    namespace,
    'it is put back',
    (object) => object.spec?.minReadySeconds === 5,
  );

  await applyFleet(stage, { replicas: 5, podTemplate });
  await waitReady(stage, fleetName);
  await kubectl.waitForObject('relayproxy', fleetName, namespace, 'five pods', (o) => o.status?.readyReplicas === 5);
  const autoscalers = await kubectl.list('hpa', namespace);

  const wanted = watch.lines.map((line) => line.wanted).filter((value, at, all) => value !== all[at - 1]);
  const leastReady = Math.min(...watch.lines.map(({ ready }) => ready));
  observed('hpa-handover', { wanted, leastReady, managers });
  assert.equal(scaled.spec.replicas, 5);
  assert.deepEqual(managers, ['kube-controller-manager'], 'the autoscaler has the number');
  assert.deepEqual(autoscalers, [], 'it is gone in the end');
  assert.deepEqual(wanted, [4, 5]);
  assert.ok(leastReady >= 4, `never fewer than four ready pods, ${leastReady} seen`);
});

interface Managed {
  readonly metadata: {
    readonly managedFields: readonly {
      readonly manager: string;
      readonly fieldsV1?: { readonly 'f:spec'?: { readonly 'f:replicas'?: object } };
    }[];
  };
}

function ownersOfReplicas({ metadata }: Managed): string[] {
  return metadata.managedFields
    .filter((entry) => entry.fieldsV1?.['f:spec']?.['f:replicas'] !== undefined)
    .map((entry) => entry.manager);
}
