import assert from 'node:assert/strict';
import { type after, describe, it } from 'node:test';
import type { Condition, RelayProxySpecManifest } from '@flagrelay/crds';
import { isNotFound } from '@flagrelay/kube/api-error';
import { events, type KubernetesEvent } from '../runtime/event-types.ts';
import type { KubernetesObject, ResourceType } from '../runtime/objects.ts';
import { namespaces } from '../runtime/testing/cluster.ts';
import { childTypes, optionalTypes } from './children/children.ts';
import { types } from './resources/kubernetes-types.ts';
import { operatorSuite } from './testing/operator-suite.ts';
import { startOperator } from './testing/test-operator.ts';

type Json = Record<string, unknown>;

const admission = (kind: string, plural: string): ResourceType => ({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind,
  plural,
  namespaced: false,
});
const policies = admission('MutatingAdmissionPolicy', 'mutatingadmissionpolicies');
const bindings = admission('MutatingAdmissionPolicyBinding', 'mutatingadmissionpolicybindings');

const suite = operatorSuite();
const { until, ref } = suite;
const environments = [{ name: 'production', sdkKeyRef: { name: 'keys', key: 'sdk' } }];

const applyRelayProxy = (name: string, spec: RelayProxySpecManifest = {}) =>
  suite.apply(name, { environments, ...spec });

async function reconciled(name: string): Promise<Condition | undefined> {
  const { status } = await suite.cluster.client.get(types.relayProxy, ref(name));
  return status?.conditions?.find(({ type }) => type === 'Reconciled');
}

const reconciledIs = (name: string, reason: string) =>
  until(`Reconciled of ${name} is ${reason}`, async () => {
    const found = await reconciled(name);
    return found?.reason === reason && found;
  });

const get = (type: ResourceType, name: string) =>
  suite.cluster.client.get(type, ref(name)) as Promise<KubernetesObject & Json>;

const patch = (type: ResourceType, name: string, body: object, fieldManager = 'somebody') =>
  suite.cluster.client.patch(type, ref(name), { type: 'merge', body }, { fieldManager });

/** Children of a RelayProxy by kind and name; the optional kinds are the business of another file. */
async function childrenOf(name: string): Promise<{ type: ResourceType; object: KubernetesObject }[]> {
  const labelSelector = `app.kubernetes.io/instance=${name},app.kubernetes.io/managed-by=flagrelay-operator`;
  const lists = childTypes
    .filter((type) => !optionalTypes.includes(type))
    .map(async (type) => {
      const { items } = await suite.cluster.client.list(type, { namespace: suite.cluster.namespace, labelSelector });
      return items.map((object) => ({ type, object }));
    });
  return (await Promise.all(lists)).flat();
}

async function eventsOf(name: string, reason: string): Promise<KubernetesEvent[]> {
  const { items } = await suite.cluster.client.list<KubernetesEvent>(events, { namespace: suite.cluster.namespace });
  return items.filter((item) => item.regarding?.name === name && item.reason === reason);
}

/** Somebody else's controller: sets a field again as often as it is something else, until it is stopped. */
async function contend(type: ResourceType, name: string, isTheirs: (object: Json) => boolean, body: object) {
  const stop = new AbortController();
  let writes = 0;
  const strike = async () => {
    writes += 1;
    await patch(type, name, body, 'other-controller');
  };
  await strike();
  const selection = { namespace: suite.cluster.namespace, fieldSelector: `metadata.name=${name}` };
  const watch = (async () => {
    try {
      const options = { ...selection, signal: stop.signal, timeoutSeconds: 120, inactivityMs: 130_000 };
      for await (const { object } of suite.cluster.client.watch(type, options)) {
        if (!isTheirs(object as Json)) await strike();
      }
    } catch (error) {
      if (!stop.signal.aborted) throw error;
    }
  })();
  return {
    writes: () => writes,
    async stop() {
      stop.abort();
      await watch;
    },
  };
}

const more = { 'example.com/more': 'x' };
const peer = { ipBlock: { cidr: '0.0.0.0/0' } };

/** What changes the meaning of a child, though all that we want is still in it. */
const additions: readonly [what: string, type: ResourceType, name: string, body: (live: Json) => object][] = [
  ['selector of the Service', types.service, 'drift', () => ({ spec: { selector: more } })],
  [
    'selector of the budget',
    types.podDisruptionBudget,
    'drift-relay',
    () => ({ spec: { selector: { matchLabels: more } } }),
  ],
  [
    'pods of the NetworkPolicy',
    types.networkPolicy,
    'drift-relay',
    () => ({ spec: { podSelector: { matchLabels: more } } }),
  ],
  [
    'expressions of the NetworkPolicy',
    types.networkPolicy,
    'drift-relay',
    () => ({ spec: { podSelector: { matchExpressions: [{ key: 'x', operator: 'Exists' }] } } }),
  ],
  [
    'peers of the NetworkPolicy',
    types.networkPolicy,
    'drift-relay',
    ({ spec }) => ({
      spec: { ingress: (spec as { ingress: Json[] }).ingress.map((rule) => ({ ...rule, from: [peer] })) },
    }),
  ],
  [
    'rules of the Role',
    types.role,
    'drift-relay',
    ({ rules }) => ({ rules: [...(rules as Json[]), { apiGroups: [''], resources: ['secrets'], verbs: ['get'] }] }),
  ],
  [
    'subjects of the RoleBinding',
    types.roleBinding,
    'drift-relay',
    ({ subjects }) => ({
      subjects: [...(subjects as Json[]), { kind: 'ServiceAccount', name: 'default', namespace: 'x' }],
    }),
  ],
  [
    'spread of the pods',
    types.deployment,
    'drift-relay',
    ({ spec }) => {
      const constraints = (spec as { template: { spec: { topologySpreadConstraints: Json[] } } }).template.spec
        .topologySpreadConstraints;
      const narrowed = constraints.map((item) => ({ ...item, labelSelector: { matchLabels: more } }));
      return { spec: { template: { spec: { topologySpreadConstraints: narrowed } } } };
    },
  ],
];

describe('children that somebody changes, on a real API server', () => {
  it('are put back when one word more changes what they mean', async () => {
    await applyRelayProxy('drift', { networkPolicy: { enabled: true } });
    await reconciledIs('drift', 'Applied');
    for (const [what, type, name, body] of additions) {
      const original = await get(type, name);
      const changed = await patch(type, name, body(original));
      assert.notDeepEqual(
        [(changed as Json).spec, (changed as Json).rules, (changed as Json).subjects],
        [original.spec, original.rules, original.subjects],
      );
      await until(`${what} are as before`, async () => {
        const now = await get(type, name);
        try {
          assert.deepEqual([now.spec, now.rules, now.subjects], [original.spec, original.rules, original.subjects]);
          return true;
        } catch {
          return false;
        }
      });
    }
    assert.equal((await reconciled('drift'))?.status, 'True', 'each of them once is no contest');
  });

  it('are left as they are where somebody sets what is not ours', async () => {
    const before = await suite.operator.metric('flagrelay_operator_put_backs_total');
    await patch(types.service, 'drift', { metadata: { annotations: more }, spec: { externalIPs: ['192.0.2.1'] } });
    await patch(types.deployment, 'drift-relay', { spec: { template: { metadata: { annotations: more } } } });
    // A change that is put back, after which those before it have been looked at.
    await patch(types.service, 'drift', { spec: { selector: more } });
    await until('the Service is put back', async () => {
      const { spec } = (await get(types.service, 'drift')) as { spec: { selector: Json; externalIPs: string[] } };
      assert.deepEqual(spec.externalIPs, ['192.0.2.1']);
      return !Object.hasOwn(spec.selector, 'example.com/more');
    });
    assert.equal((await suite.operator.metric('flagrelay_operator_put_backs_total')) - before, 1);
  });

  it('get their owner back when somebody removes the reference', async () => {
    const { ownerReferences } = (await get(types.service, 'drift')).metadata ?? {};
    await patch(types.service, 'drift', { metadata: { ownerReferences: null } });
    await until('its owner is there', async () => (await get(types.service, 'drift')).metadata?.ownerReferences);
    assert.deepEqual((await get(types.service, 'drift')).metadata?.ownerReferences, ownerReferences);
  });

  it('are put back ever more slowly where another controller changes them each time, and it is told by name', async () => {
    await applyRelayProxy('contested');
    await reconciledIs('contested', 'Applied');
    const isTheirs = ({ spec }: Json) => (spec as { revisionHistoryLimit?: number }).revisionHistoryLimit === 7;
    const other = await contend(types.deployment, 'contested-relay', isTheirs, { spec: { revisionHistoryLimit: 7 } });
    try {
      const condition = await reconciledIs('contested', 'DriftsBack');
      assert.equal(condition.status, 'False');
      assert.match(
        condition.message,
        /Deployment "contested-relay": spec\.revisionHistoryLimit .* by "other-controller"/,
      );
      const [told] = await until('it is told', async () => {
        const found = await eventsOf('contested', 'DriftsBack');
        return found.length > 0 && found;
      });
      assert.equal(told?.type, 'Warning');
      assert.match(told?.note ?? '', /other-controller/);
      // Slow: seconds go by without a write, where it was some twenty a second.
      let seen = { writes: other.writes(), since: performance.now() };
      await until('it is slow', async () => {
        if (other.writes() !== seen.writes) seen = { writes: other.writes(), since: performance.now() };
        return performance.now() - seen.since > 3000;
      });
      assert.equal(await suite.operator.metric('flagrelay_operator_contested_children', 'reason="DriftsBack"'), 1);
      // A new wish of the user does not wait.
      await applyRelayProxy('contested', { rollout: { minReadySeconds: 9 } });
      await until('the edit is applied', async () => {
        const { spec } = (await get(types.deployment, 'contested-relay')) as { spec: { minReadySeconds?: number } };
        return spec.minReadySeconds === 9;
      });
    } finally {
      await other.stop();
    }
    await until('it is put back for good', async () => !isTheirs(await get(types.deployment, 'contested-relay')));
  });

  it('that are changed on their way into the API server are told, with the field, and not written in a loop', async () => {
    const name = suite.cluster.namespace;
    const policy = {
      metadata: { name },
      spec: {
        matchConstraints: {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } },
          resourceRules: [
            { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['services'] },
          ],
        },
        matchConditions: [{ name: 'overridden', expression: "object.metadata.name == 'overridden'" }],
        failurePolicy: 'Fail',
        reinvocationPolicy: 'Never',
        mutations: [
          {
            patchType: 'ApplyConfiguration',
            applyConfiguration: { expression: "Object{spec: Object.spec{sessionAffinity: 'ClientIP'}}" },
          },
        ],
      },
    };
    await suite.cluster.client.apply(policies, policy as KubernetesObject, { force: true });
    await suite.cluster.client.apply(bindings, { metadata: { name }, spec: { policyName: name } } as KubernetesObject, {
      force: true,
    });
    try {
      await until('the policy is in force', async () => {
        const spec = { ports: [{ port: 1 }] };
        const probe = { metadata: ref('overridden'), spec } as KubernetesObject;
        const stored = (await suite.cluster.client.create(types.service, probe, { dryRun: true })) as unknown as {
          spec: { sessionAffinity: string };
        };
        return stored.spec.sessionAffinity === 'ClientIP';
      });
      await applyRelayProxy('overridden');
      const condition = await reconciledIs('overridden', 'Overridden');
      assert.equal(condition.status, 'False');
      assert.match(condition.message, /Service "overridden": spec\.sessionAffinity is not what was applied/);
      const version = (await get(types.service, 'overridden')).metadata?.resourceVersion;
      const patches = await suite.operator.metric('rest_client_requests_total', 'method="PATCH"');
      await new Promise((resolve) => setTimeout(resolve, 4000));
      assert.ok((await suite.operator.metric('rest_client_requests_total', 'method="PATCH"')) - patches <= 4);
      assert.equal((await get(types.service, 'overridden')).metadata?.resourceVersion, version);
      assert.ok((await eventsOf('overridden', 'Overridden')).length > 0);
    } finally {
      for (const type of [bindings, policies]) await suite.cluster.client.delete(type, { name });
    }
    await reconciledIs('overridden', 'Applied');
  });

  it('that an orphan delete left behind are adopted within seconds when the RelayProxy is made again', async () => {
    await applyRelayProxy('orphaned');
    await reconciledIs('orphaned', 'Applied');
    const before = await childrenOf('orphaned');
    assert.ok(before.length >= 7);
    await suite.cluster.client.delete(types.relayProxy, ref('orphaned'), { propagationPolicy: 'Orphan' });
    await until('it is gone', async () => {
      try {
        await get(types.relayProxy, 'orphaned');
        return false;
      } catch (error) {
        return isNotFound(error);
      }
    });
    const left = await childrenOf('orphaned');
    assert.deepEqual(
      left.flatMap(({ object }) => object.metadata?.ownerReferences ?? []),
      [],
    );
    // A copy of ours by somebody else: everything but the record of an apply by the operator, and another hash.
    await applyRelayProxy('orphaned', { logLevel: 'debug' });
    const made = performance.now();
    await reconciledIs('orphaned', 'Applied');
    assert.ok(performance.now() - made < 20_000, 'not at the next look a minute later');
    const { uid } = (await get(types.relayProxy, 'orphaned')).metadata ?? {};
    const after = await childrenOf('orphaned');
    const uids = (children: typeof after) => children.map(({ object }) => object.metadata?.uid).sort();
    const isNew = ({ type, object }: (typeof after)[number]) =>
      type === types.configMap && !uids(before).includes(object.metadata?.uid);
    assert.deepEqual(
      uids(after.filter((child) => !isNew(child))),
      uids(before),
      'the same objects, that of pods of before included',
    );
    assert.equal(after.filter(isNew).length, 1, 'and the changed configuration');
    assert.ok(after.every(({ object }) => object.metadata?.ownerReferences?.[0]?.uid === uid));
  });

  it('that merely look like ours are not taken', async () => {
    const { metadata, ...rest } = await get(types.serviceAccount, 'drift-relay');
    const labels = { ...metadata?.labels, 'app.kubernetes.io/instance': 'copied' };
    const annotations = metadata?.annotations ?? {};
    const copy = { ...rest, metadata: { ...ref('copied-relay'), labels, annotations } };
    await suite.cluster.client.create(types.serviceAccount, copy, { fieldManager: 'kubectl' });
    await applyRelayProxy('copied');
    const condition = await reconciledIs('copied', 'FieldConflict');
    assert.match(condition.message, /ServiceAccount "copied-relay" exists and is not ours/);
    await patch(types.serviceAccount, 'copied-relay', { metadata: { annotations: { 'flagrelay.dev/adopt': 'true' } } });
    const marked = performance.now();
    await reconciledIs('copied', 'Applied');
    assert.ok(performance.now() - marked < 20_000, 'its own event wakes the RelayProxy');
  });
});

describe('two operators over the same namespace', () => {
  it('do not work against each other: the second stands back and says so', async () => {
    await applyRelayProxy('shared');
    await reconciledIs('shared', 'Applied');
    const home = `${suite.cluster.namespace}-other`;
    await suite.cluster.client.create(namespaces, { metadata: { name: home } });
    const second = await startOperator(suite.cluster.client, suite.cluster.namespace, { home });
    try {
      const count = (await suite.cluster.client.list(types.relayProxy, { namespace: suite.cluster.namespace })).items
        .length;
      await second.until(
        'it leaves all of them alone',
        async () => (await second.metric('flagrelay_operator_relayproxies_left_alone')) === count,
      );
      const { status } = await suite.cluster.client.get(types.relayProxy, ref('shared'));
      assert.equal(status?.operator?.name, `${suite.cluster.namespace}/flagrelay-operator`);
      const [told] = await until('it is told', async () => {
        const found = await eventsOf('shared', 'LookedAfterByAnother');
        return found.length > 0 && found;
      });
      assert.match(told?.note ?? '', new RegExp(`${home}/flagrelay-operator leaves this RelayProxy alone`));
      await until('the question was answered', async () => {
        const { items } = await suite.cluster.client.list(types.relayProxy, { namespace: suite.cluster.namespace });
        return items.every((item) => item.status?.operator?.askedBy === undefined);
      });
      assert.equal(await second.metric('flagrelay_operator_put_backs_total'), 0);
      // What happens meanwhile is the first one's alone.
      const { metadata } = await get(types.deployment, 'shared-relay');
      await applyRelayProxy('shared', { rollout: { minReadySeconds: 8 } });
      await until('an edit is applied once', async () => {
        const now = await get(types.deployment, 'shared-relay');
        return (now.metadata?.generation ?? 0) === (metadata?.generation ?? 0) + 1;
      });
      assert.match(second.output(), /Another operator manages this RelayProxy/);
    } finally {
      await second.stop();
      await suite.cluster.client.delete(namespaces, { name: home });
    }
  });
});
