import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../cluster/kubectl.ts';
import { waitFor } from '../cluster/wait-for.ts';
import { switchFlag } from '../demo/flags.ts';
import { editedData, editedFlag, editedFleet, messageOf, openEditedFleet } from './support/edited-fleet.ts';
import { observed } from './support/observed.ts';
import { condition, openStage } from './support/stage.ts';

const uids = (pods: readonly KubeObject[]) => pods.map((pod) => pod.metadata.uid).sort();
const POLICY = 'flagrelay-e2e-refuses';
const REFUSED = 'not on a Monday';
const selects = (namespace: string) => ({ matchLabels: { 'kubernetes.io/metadata.name': namespace } });

/** What some policy of the cluster refuses in one namespace. */
interface Rule {
  readonly apiGroups: readonly string[];
  readonly apiVersions: readonly string[];
  readonly operations: readonly string[];
  readonly resources: readonly string[];
}

/** A policy that refuses, and its binding. */
const policy = (namespace: string, rule: Rule): object[] => [
  {
    ...{ apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicy' },
    metadata: { name: POLICY },
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: { resourceRules: [rule], namespaceSelector: selects(namespace) },
      validations: [{ expression: 'false', message: REFUSED }],
    },
  },
  {
    ...{ apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicyBinding' },
    metadata: { name: POLICY },
    spec: { policyName: POLICY, validationActions: ['Deny'] },
  },
];

/** A webhook that must be asked and is nowhere. */
const webhook = (namespace: string, rule: Rule): object => ({
  ...{ apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingWebhookConfiguration' },
  metadata: { name: POLICY },
  webhooks: [
    {
      name: 'nowhere.example.com',
      clientConfig: { url: 'https://127.0.0.1:9/refuse' },
      rules: [rule],
      namespaceSelector: selects(namespace),
      failurePolicy: 'Fail',
      sideEffects: 'None',
      timeoutSeconds: 1,
      admissionReviewVersions: ['v1'],
    },
  ],
});

const newPods: Rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] };
const deployments: Rule = {
  ...{ apiGroups: ['apps'], apiVersions: ['v1'], operations: ['UPDATE'], resources: ['deployments'] },
};

test('an edit whose pods or Deployment are refused, or have no room, takes nothing away and is told in the words of who refuses', {
  timeout: 600_000,
}, async (t) => {
  const stage = await openStage('edits-refused');
  const { kubectl, namespace } = stage;
  const kinds = 'validatingadmissionpolicies,validatingadmissionpolicybindings,validatingwebhookconfigurations';
  const admit = () => kubectl.run(['delete', kinds, POLICY, '--ignore-not-found']);
  await admit();
  t.after(async () => {
    await admit();
    await stage.close();
  });
  const fleet = await openEditedFleet(stage);
  const told: Record<string, object> = {};
  let name = 'production';

  /** Renames the environment, with what else is given, and waits until a condition says these words; every old pod is there then. */
  const edit = async (what: string, type: string, words: RegExp, ...rest: readonly object[]) => {
    const old = uids(await fleet.pods());
    const edited = performance.now();
    name = `${name.slice(0, 4)}-${Object.keys(told).length}`;
    await fleet.edit([{ op: 'replace', path: '/spec/environments/0/name', value: name }, ...rest]);
    const says = (relay: KubeObject) =>
      relay.status?.observedGeneration === relay.metadata.generation && words.test(messageOf(relay, type));
    const found = await kubectl.waitForObject('relayproxy', editedFleet, namespace, what, says, 60_000);
    const of = (condition_: string) => `${condition(found, condition_)} ${messageOf(found, condition_)}`;
    told[what] = { seconds: Math.round((performance.now() - edited) / 100) / 10, [type]: of(type), Ready: of('Ready') };
    const now = uids(await fleet.pods());
    assert.deepEqual(
      now.filter((uid) => old.includes(uid)),
      old,
      what,
    );
    return found;
  };
  const settled = () => fleet.settled();
  const refuses = (object: string) =>
    waitFor(
      `${object} is refused`,
      () =>
        kubectl
          .run([
            'annotate',
            object,
            '-n',
            namespace,
            `example.com/try=${Date.now()}`,
            '--overwrite',
            '--dry-run=server',
          ])
          .then(() => undefined)
          .catch(() => true),
      { timeoutMs: 60_000, intervalMs: 500 },
    );

  await t.test('no node has room', async () => {
    const resources = { requests: { cpu: '1000', memory: '64Mi' }, limits: { cpu: '1000', memory: '512Mi' } };
    const waits = await edit('no room', 'Progressing', /Insufficient cpu/, {
      ...{ op: 'add', path: '/spec/resources', value: resources },
    });
    assert.equal(condition(waits, 'EnvironmentsConnected'), 'Unknown/AwaitingRollout');
    await fleet.unharmed();
    await fleet.edit([{ op: 'remove', path: '/spec/resources' }]);
    await settled();
  });

  await t.test('a quota has no place for one more pod', async () => {
    const pods = await kubectl.list('pods', namespace);
    const hard = { pods: String(pods.filter((pod) => pod.metadata.deletionTimestamp === undefined).length) };
    const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'team' }, spec: { hard } };
    await kubectl.apply([quota], { namespace });
    const inForce = (object: KubeObject) => object.status?.used?.pods === hard.pods;
    await kubectl.waitForObject('resourcequota', 'team', namespace, 'in force', inForce, 60_000);
    await edit('quota', 'Progressing', /exceeded quota: team/);
    await fleet.unharmed();
    await kubectl.run(['delete', 'resourcequota', 'team', '-n', namespace]);
    await settled();
  });

  await t.test('a policy refuses pods', async () => {
    await kubectl.apply(policy(namespace, { ...newPods, operations: ['CREATE', 'UPDATE'] }));
    await refuses('pod/sdk');
    await edit('policy on pods', 'Progressing', new RegExp(REFUSED));
    await fleet.unharmed();
    await admit();
    await settled();
  });

  await t.test('a webhook that pods need is not there', async () => {
    await kubectl.apply([webhook(namespace, { ...newPods, operations: ['CREATE', 'UPDATE'] })]);
    await refuses('pod/sdk');
    await edit('webhook on pods', 'Progressing', /failed calling webhook "nowhere\.example\.com"/);
    await fleet.unharmed();
    await admit();
    await settled();
  });

  await t.test('a policy refuses the Deployment', async () => {
    await kubectl.apply(policy(namespace, deployments));
    await refuses(`deployment/${editedFleet}-relay`);
    const refused = await edit('policy on the Deployment', 'Reconciled', new RegExp(REFUSED));
    assert.match(condition(refused, 'Reconciled'), /^False/);
    await fleet.unharmed();
    await admit();
    const healed = (relay: KubeObject) =>
      condition(relay, 'Progressing') === 'True/RolloutComplete' && condition(relay, 'Ready') === 'True/AllHealthy';
    await kubectl.waitForObject('relayproxy', editedFleet, namespace, 'healed', healed, 180_000);
  });

  await switchFlag(kubectl, { namespace, ...editedData }, editedFlag, true);
  await fleet.sdk.waitFor('change', 'the change', (r) => r.key === editedFlag && r.value === true, 120_000);
  const seen = await fleet.unharmed();
  observed('edits-that-are-refused', { ...seen, told });
  assert.equal(seen.failed, 0);
  assert.ok((seen.sent ?? 0) > 500, 'requests were sent all along');
});
