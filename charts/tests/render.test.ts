import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { clusterPermissions, leaderElectionPermissions, permissions } from '@flagrelay/operator/permissions';
import { chartFolder, helm, type Rendered, render } from './programs.ts';

/** The only object of a kind, whose name may be given. */
function one(objects: readonly Rendered[], kind: string, name?: string): Rendered {
  const found = objects.filter(
    (object) => object.kind === kind && (name === undefined || object.metadata.name === name),
  );
  assert.equal(found.length, 1, `${kind} ${name ?? ''}: ${found.length} of them`);
  return found[0]!;
}

const kindsOf = (objects: readonly Rendered[]): string[] => [...new Set(objects.map(({ kind }) => kind))].sort();
const operatorOf = (objects: readonly Rendered[]) => one(objects, 'Deployment').spec.template.spec;
const environmentOf = (objects: readonly Rendered[]): Record<string, unknown> =>
  Object.fromEntries(
    operatorOf(objects).containers[0].env.map(({ name, value }: Record<string, string>) => [name, value]),
  );

test('helm lint --strict has nothing to say', async () => {
  assert.match(await helm('lint', '--strict', chartFolder), /1 chart\(s\) linted, 0 chart\(s\) failed/);
});

describe('the defaults', async () => {
  const objects = await render();

  test('make these kinds of objects', () => {
    assert.deepEqual(kindsOf(objects), [
      'ClusterRole',
      'ClusterRoleBinding',
      'CustomResourceDefinition',
      'Deployment',
      'Pod',
      'PodDisruptionBudget',
      'Role',
      'RoleBinding',
      'Service',
      'ServiceAccount',
      'ValidatingAdmissionPolicy',
      'ValidatingAdmissionPolicyBinding',
    ]);
  });

  test('grant the operator what its code lists, and nothing else', () => {
    const name = 'flagrelay-system-flagrelay';
    assert.deepEqual(one(objects, 'ClusterRole', name).rules, [...permissions, ...clusterPermissions]);
    assert.deepEqual(one(objects, 'Role').rules, [...leaderElectionPermissions]);
    const bindings = objects.filter(({ kind }) => kind.endsWith('RoleBinding'));
    for (const { subjects } of bindings) {
      assert.deepEqual(subjects, [{ kind: 'ServiceAccount', name: 'flagrelay', namespace: 'flagrelay-system' }]);
    }
  });

  test('let view read and edit change RelayProxies, but nobody their status', () => {
    const aggregated = (name: string) =>
      Object.keys(one(objects, 'ClusterRole', `flagrelay-system-flagrelay-${name}`).metadata.labels ?? {})
        .filter((label) => label.includes('aggregate-to'))
        .map((label) => label.slice(label.lastIndexOf('-') + 1))
        .sort();
    assert.deepEqual(
      [aggregated('view'), aggregated('edit')],
      [
        ['admin', 'edit', 'view'],
        ['admin', 'edit'],
      ],
    );
    const roles = objects.filter(({ metadata }) => /-(view|edit)$/.test(metadata.name));
    assert.equal(roles.length, 2);
    for (const { rules } of roles) {
      for (const { resources, verbs } of rules) {
        if (resources.includes('relayproxies/status')) assert.deepEqual(verbs, ['get', 'list', 'watch']);
      }
    }
  });

  test('run two operators that meet the Pod Security Standard "restricted"', () => {
    assert.equal(one(objects, 'Deployment').spec.replicas, 2);
    for (const { securityContext, containers } of [operatorOf(objects), one(objects, 'Pod').spec]) {
      assert.equal(securityContext.runAsNonRoot, true);
      assert.deepEqual(securityContext.seccompProfile, { type: 'RuntimeDefault' });
      assert.deepEqual(containers[0].securityContext, {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
    }
  });

  test('hand the operator its settings', () => {
    const { POD_NAME, POD_NAMESPACE, ...rest } = environmentOf(objects);
    assert.deepEqual(rest, {
      RELAY_IMAGE: 'ghcr.io/flagrelay/relay:0.1.0',
      WATCH_NAMESPACES: '',
      LOG_LEVEL: 'info',
      LOG_FORMAT: 'json',
      LEADER_ELECTION: 'true',
      LEASE_DURATION_SECONDS: '15',
      RENEW_DEADLINE_SECONDS: '10',
      RETRY_PERIOD_SECONDS: '2',
      CONCURRENCY: '4',
      KUBE_QPS: '0',
      KUBE_BURST: '50',
      MAX_CONCURRENT_ROLLOUTS: '1',
      ROLLOUT_DELAY_SECONDS: '0',
      HEAL_STUCK_AFTER_SECONDS: '300',
      ASK_PODS_PERIOD_SECONDS: '30',
      DISABLED_FEATURES: '',
      RUNBOOK_BASE_URL: 'https://github.com/flagrelay/flagrelay/blob/main/charts/flagrelay/runbooks',
      METRICS_ENABLED: 'true',
      METRICS_PORT: '8080',
      PROBE_PORT: '8081',
      NODE_OPTIONS: '--max-old-space-size=288',
    });
  });

  test('probe the port that the operator is told to answer on', () => {
    const { livenessProbe, readinessProbe, ports } = operatorOf(objects).containers[0];
    const { containerPort } = ports.find(({ name }: { name: string }) => name === livenessProbe.httpGet.port);
    assert.equal(String(containerPort), environmentOf(objects).PROBE_PORT);
    assert.equal(livenessProbe.httpGet.path, '/livez');
    assert.equal(readinessProbe.httpGet.path, '/readyz');
  });

  test('spread them over zones and nodes without blocking a drain', () => {
    const constraints: Record<string, string>[] = operatorOf(objects).topologySpreadConstraints;
    assert.deepEqual(
      constraints.map(({ topologyKey, whenUnsatisfiable }) => [topologyKey, whenUnsatisfiable]),
      [
        ['topology.kubernetes.io/zone', 'ScheduleAnyway'],
        ['kubernetes.io/hostname', 'ScheduleAnyway'],
      ],
    );
    assert.equal(one(objects, 'PodDisruptionBudget').spec.maxUnavailable, 1);
  });

  test('select the operator pods, and not the test pod, by Service and PodDisruptionBudget', () => {
    const labels = one(objects, 'Deployment').spec.template.metadata.labels;
    const selects = (selector: Record<string, string>, target: Record<string, string>) =>
      Object.entries(selector).every(([key, value]) => target[key] === value);
    for (const selector of [
      one(objects, 'Service').spec.selector,
      one(objects, 'PodDisruptionBudget').spec.selector.matchLabels,
      one(objects, 'Deployment').spec.selector.matchLabels,
    ]) {
      assert.ok(selects(selector, labels));
      assert.ok(!selects(selector, one(objects, 'Pod').metadata.labels ?? {}));
    }
  });

  test('keep the CRD when the release is uninstalled', () => {
    assert.equal(one(objects, 'CustomResourceDefinition').metadata.annotations?.['helm.sh/resource-policy'], 'keep');
  });

  test('guard every field of the status but the instances', () => {
    const status = one(objects, 'CustomResourceDefinition').spec.versions[0].schema.openAPIV3Schema.properties.status;
    const expressions: string[] = one(
      objects,
      'ValidatingAdmissionPolicy',
      'flagrelay-system-flagrelay-relay-status',
    ).spec.validations.map(({ expression }: { expression: string }) => expression);
    for (const field of Object.keys(status.properties).filter((name) => name !== 'instances')) {
      assert.ok(expressions.includes(`variables.after.?${field} == variables.before.?${field}`), field);
    }
  });
});

describe('whom RelayProxies are given to', () => {
  const roles = async (value: string) => {
    const objects = await render('--set-json', `rbac.aggregateClusterRoles=${value}`);
    return objects
      .filter(({ kind, metadata }) => kind === 'ClusterRole' && /-(view|edit)$/.test(metadata.name))
      .map(({ metadata }) => [
        metadata.name.slice(metadata.name.lastIndexOf('-') + 1),
        ...Object.keys(metadata.labels ?? {}).flatMap((label) => /aggregate-to-(\w+)$/.exec(label)?.[1] ?? []),
      ]);
  };

  test('false: nobody, and there are no roles', async () => assert.deepEqual(await roles('false'), []));
  test('a list: those in it', async () => {
    assert.deepEqual(await roles('["view","admin"]'), [
      ['view', 'admin', 'view'],
      ['edit', 'admin'],
    ]);
  });
  test('an empty list: nobody, but there are roles to bind', async () => {
    assert.deepEqual(await roles('[]'), [['view'], ['edit']]);
  });
  test('no other role', async () => {
    await assert.rejects(roles('["cluster-admin"]'), /aggregateClusterRoles/);
  });
});

for (const [feature, resource] of [
  ['httpRoute', 'httproutes'],
  ['serviceMonitor', 'servicemonitors'],
  ['prometheusRule', 'prometheusrules'],
] as const) {
  for (const where of ['', 'watchNamespaces={team-a},']) {
    test(`without ${feature} the operator has no permission for it, and is told ${where}`, async () => {
      const objects = await render('--set', `${where}features.${feature}=false`);
      const rules = objects.flatMap(({ rules = [] }) => rules as { resources: string[] }[]);
      assert.ok(rules.length > 10);
      assert.ok(!rules.some(({ resources }) => resources.includes(resource)));
      assert.equal(environmentOf(objects).DISABLED_FEATURES, feature);
    });
  }
}

describe('an install for some namespaces', async () => {
  const objects = await render('--set', 'watchNamespaces={team-a,team-b}');

  test('has no ClusterRole', () => {
    assert.deepEqual(
      kindsOf(objects).filter((kind) => kind.startsWith('ClusterRole')),
      [],
    );
  });

  test('grants the same in each namespace, without nodes', () => {
    for (const namespace of ['team-a', 'team-b']) {
      const there = objects.filter(({ metadata }) => metadata.namespace === namespace);
      assert.deepEqual(one(there, 'Role').rules, [...permissions]);
      assert.equal(one(there, 'RoleBinding').roleRef.name, one(there, 'Role').metadata.name);
    }
  });

  test('tells the operator, and guards relays only there', () => {
    assert.equal(environmentOf(objects).WATCH_NAMESPACES, 'team-a,team-b');
    const { namespaceSelector } = one(
      objects,
      'ValidatingAdmissionPolicyBinding',
      'flagrelay-system-flagrelay-relay-status',
    ).spec.matchResources;
    assert.deepEqual(namespaceSelector.matchExpressions[0].values, ['team-a', 'team-b']);
  });

  test('can do without any object outside namespaces', async () => {
    const flags = ['crds.enabled=false', 'admissionPolicy.enabled=false', 'watchNamespaces={team-a}'];
    const rendered = await render(...flags.flatMap((flag) => ['--set', flag]));
    assert.deepEqual(
      rendered.filter(({ metadata }) => metadata.namespace === undefined),
      [],
    );
  });
});

describe('values', () => {
  test('a digest stands above a tag', async () => {
    const digest = `sha256:${'0'.repeat(64)}`;
    const objects = await render('--set', `image.tag=v1,image.digest=${digest},relay.image.tag=v2`);
    assert.equal(operatorOf(objects).containers[0].image, `ghcr.io/flagrelay/operator@${digest}`);
    assert.equal(environmentOf(objects).RELAY_IMAGE, 'ghcr.io/flagrelay/relay:v2');
  });

  test('a typo is refused', async () => {
    await assert.rejects(render('--set', 'crds.enabld=true'), /additional properties 'enabld' not allowed/);
  });

  test('a wrong value is refused', async () => {
    await assert.rejects(render('--set', 'log.level=loud'), /log\/level|log\.level/);
    await assert.rejects(render('--set', 'image.digest=latest'), /digest/);
    await assert.rejects(render('--set', 'watchNamespaces={Team}'), /watchNamespaces/);
  });

  test('`global` is let through, for a chart that this is a part of', async () => {
    await render('--set', 'global.anything=1');
  });

  test('one operator has no PodDisruptionBudget, which could only block drains', async () => {
    assert.ok(!kindsOf(await render('--set', 'replicas=1')).includes('PodDisruptionBudget'));
  });

  test('the CRD can be left to others, or to go with the release', async () => {
    assert.ok(!kindsOf(await render('--set', 'crds.enabled=false')).includes('CustomResourceDefinition'));
    const objects = await render('--set', 'crds.keep=false');
    assert.equal(one(objects, 'CustomResourceDefinition').metadata.annotations, undefined);
  });

  test('labels of the user are added, and cannot change those that select', async () => {
    const objects = await render(
      '--set-json',
      'commonLabels={"team":"platform","app.kubernetes.io/name":"x"},podLabels={"app.kubernetes.io/instance":"y"}',
    );
    for (const { kind, metadata } of objects) if (kind !== 'Pod') assert.equal(metadata.labels?.team, 'platform', kind);
    const { labels } = one(objects, 'Deployment').spec.template.metadata;
    assert.equal(labels['app.kubernetes.io/name'], 'flagrelay-operator');
    assert.equal(labels['app.kubernetes.io/instance'], 'flagrelay');
  });

  test('a ServiceMonitor finds the metrics Service', async () => {
    const always = 'metrics.serviceMonitor.enabled=true,metrics.serviceMonitor.renderMode=alwaysRender';
    const objects = await render('--set', always);
    assert.equal(one(objects, 'ServiceMonitor').spec.endpoints[0].honorLabels, true);
    const monitor = one(objects, 'ServiceMonitor').spec;
    const service = one(objects, 'Service');
    assert.equal(monitor.endpoints[0].port, service.spec.ports[0].name);
    for (const [key, value] of Object.entries(monitor.selector.matchLabels)) {
      assert.equal(service.metadata.labels?.[key], value);
    }
  });

  test('an account of somebody else is used where it is named', async () => {
    const objects = await render('--set', 'serviceAccount.create=false,serviceAccount.name=ours');
    assert.ok(!kindsOf(objects).includes('ServiceAccount'));
    assert.equal(operatorOf(objects).serviceAccountName, 'ours');
    assert.equal(one(objects, 'ClusterRoleBinding').subjects[0].name, 'ours');
  });
});
