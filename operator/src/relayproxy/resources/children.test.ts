import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planOf } from '../sizing/plan.ts';
import { daemon, testFacts, testRelayProxy } from '../testing/test-relay-proxy.ts';
import { buildConfigMap } from './config-map.ts';
import { buildDeployment } from './deployment.ts';
import { buildHorizontalPodAutoscaler } from './horizontal-pod-autoscaler.ts';
import { buildHttpRoute } from './http-route.ts';
import { buildIngress } from './ingress.ts';
import { buildLease } from './lease.ts';
import { buildMetricsService } from './metrics-service.ts';
import { buildNetworkPolicy } from './network-policy.ts';
import { buildPodDisruptionBudget } from './pod-disruption-budget.ts';
import { buildPrometheusRule } from './prometheus-rule.ts';
import { buildRole } from './role.ts';
import { buildRoleBinding } from './role-binding.ts';
import { buildService, serviceUrl } from './service.ts';
import { buildServiceAccount } from './service-account.ts';
import { buildServiceMonitor } from './service-monitor.ts';
import { mountedConfigMap } from './volumes.ts';

const instance = 'app.kubernetes.io/instance';
const labels = {
  'app.kubernetes.io/name': 'flagrelay-relay',
  'app.kubernetes.io/instance': 'demo',
  'app.kubernetes.io/component': 'relay',
  'app.kubernetes.io/part-of': 'flagrelay',
  'app.kubernetes.io/managed-by': 'flagrelay-operator',
  'app.kubernetes.io/version': '1.2.3',
};
const selector = { 'app.kubernetes.io/name': 'flagrelay-relay', 'app.kubernetes.io/instance': 'demo' };
const metadata = (name: string) => ({ name, namespace: 'team', labels });

test('ConfigMap: the document under the name that the pods read', () => {
  const configMap = buildConfigMap(testRelayProxy(), testFacts);
  const mounted = mountedConfigMap(buildDeployment(testRelayProxy(), testFacts).spec?.template.spec);
  assert.match(configMap.metadata.name, /^demo-config-[0-9a-f]{10}$/);
  assert.equal(configMap.metadata.name, mounted);
  assert.deepEqual(configMap.metadata, metadata(configMap.metadata.name));
  assert.equal(JSON.parse(configMap.data?.['relay.json'] ?? '').report.relayProxy, 'demo');
});

test('Service: to the SDK port of the pods', () => {
  assert.deepEqual(buildService(testRelayProxy(), testFacts), {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata('demo'),
    spec: {
      type: 'ClusterIP',
      selector,
      ports: [{ name: 'http', port: 8030, targetPort: 'sdk', protocol: 'TCP' }],
      sessionAffinity: 'None',
    },
  });
});

test('Service: with everything that can be asked of it', () => {
  const relayProxy = testRelayProxy({
    tls: { secretRef: { name: 'cert' } },
    service: {
      type: 'LoadBalancer',
      port: 443,
      nodePort: 30_443,
      annotations: { lb: 'internal' },
      trafficDistribution: 'PreferSameZone',
      loadBalancerClass: 'example.com/lb',
      loadBalancerSourceRanges: ['10.0.0.0/8'],
      externalTrafficPolicy: 'Local',
      ipFamilyPolicy: 'PreferDualStack',
    },
  });
  const service = buildService(relayProxy, testFacts);
  assert.ok(service);
  assert.deepEqual(service.metadata.annotations, { lb: 'internal' });
  assert.deepEqual(service.spec, {
    type: 'LoadBalancer',
    selector,
    ports: [{ name: 'https', port: 443, targetPort: 'sdk', protocol: 'TCP', nodePort: 30_443 }],
    sessionAffinity: 'None',
    loadBalancerClass: 'example.com/lb',
    loadBalancerSourceRanges: ['10.0.0.0/8'],
    externalTrafficPolicy: 'Local',
    ipFamilyPolicy: 'PreferDualStack',
    trafficDistribution: 'PreferClose',
  });
  assert.equal(serviceUrl(relayProxy), 'https://demo.team.svc:443');
});

test('Service: the port keeps the name that it has, as a new name has no endpoints for a moment', () => {
  const tls = { secretRef: { name: 'cert' } };
  const portOf = (servicePortName: string, spec: Parameters<typeof testRelayProxy>[0]) =>
    buildService(testRelayProxy(spec), { ...testFacts, servicePortName })?.spec?.ports?.[0];
  const rest = { port: 8030, targetPort: 'sdk', protocol: 'TCP' };
  assert.deepEqual(portOf('http', { tls }), { name: 'http', ...rest, appProtocol: 'https' });
  assert.deepEqual(portOf('https', {}), { name: 'https', ...rest, appProtocol: 'http' });
  assert.deepEqual(portOf('https', { tls }), { name: 'https', ...rest });
});

test('PodDisruptionBudget: one at a time, unless said otherwise; none where there is nothing to protect', () => {
  const spec = (given: Parameters<typeof testRelayProxy>[0]) =>
    buildPodDisruptionBudget(testRelayProxy(given), testFacts)?.spec;
  const rest = { selector: { matchLabels: selector }, unhealthyPodEvictionPolicy: 'AlwaysAllow' };
  assert.deepEqual(spec({}), { maxUnavailable: 1, ...rest });
  assert.deepEqual(spec({ disruptionBudget: { maxUnavailable: '25%' } }), { maxUnavailable: '25%', ...rest });
  assert.deepEqual(spec({ disruptionBudget: { minAvailable: 2 } }), { minAvailable: 2, ...rest });
  assert.equal(spec({ disruptionBudget: { enabled: false } }), undefined);
  assert.equal(spec({ replicas: 0 }), undefined);
  assert.ok(spec({ replicas: 0, autoscaling: { maxReplicas: 3 } }), 'replicas are ignored with an autoscaler');
});

test('account: may report into the status of its own RelayProxy, nothing else', () => {
  const relayProxy = testRelayProxy();
  assert.equal(buildServiceAccount(relayProxy, testFacts)?.automountServiceAccountToken, false);
  assert.deepEqual(buildRole(relayProxy, testFacts)?.rules, [
    {
      apiGroups: ['flagrelay.dev'],
      resources: ['relayproxies/status'],
      resourceNames: ['demo'],
      verbs: ['get', 'patch'],
    },
  ]);
  assert.deepEqual(buildRoleBinding(relayProxy, testFacts)?.subjects, [
    { kind: 'ServiceAccount', name: 'demo-relay', namespace: 'team' },
  ]);
});

test('mode Daemon: a Lease that pods may hold, no Service, and only the operations port', () => {
  const relayProxy = testRelayProxy({ ...daemon, networkPolicy: { enabled: true } });
  assert.equal(buildService(relayProxy, testFacts), undefined);
  assert.equal(serviceUrl(relayProxy), undefined);
  assert.deepEqual(buildLease(relayProxy, testFacts), {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: metadata('demo-relay'),
  });
  assert.deepEqual(buildRole(relayProxy, testFacts)?.rules?.[1], {
    apiGroups: ['coordination.k8s.io'],
    resources: ['leases'],
    resourceNames: ['demo-relay'],
    verbs: ['get', 'update'],
  });
  const ports = [{ protocol: 'TCP', port: 8031 }];
  assert.deepEqual(buildNetworkPolicy(relayProxy, testFacts)?.spec?.ingress, [{ ports }]);
  assert.equal(planOf(relayProxy).replicas, 2);
  assert.equal(planOf(testRelayProxy({ ...daemon, replicas: 1 })).replicas, 1);
  assert.equal(buildLease(testRelayProxy(), testFacts), undefined);
});

test('account: none is made where the user names one', () => {
  const relayProxy = testRelayProxy({ podTemplate: { serviceAccountName: 'mine' } });
  for (const build of [buildServiceAccount, buildRole, buildRoleBinding]) {
    assert.equal(build(relayProxy, testFacts), undefined);
  }
});

test('HorizontalPodAutoscaler: only when asked for', () => {
  assert.equal(buildHorizontalPodAutoscaler(testRelayProxy(), testFacts), undefined);
  const autoscaling = { maxReplicas: 9, targetMemoryUtilizationPercentage: 80 };
  assert.deepEqual(buildHorizontalPodAutoscaler(testRelayProxy({ autoscaling }), testFacts)?.spec, {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'demo-relay' },
    minReplicas: 3,
    maxReplicas: 9,
    metrics: [
      { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } },
      { type: 'Resource', resource: { name: 'memory', target: { type: 'Utilization', averageUtilization: 80 } } },
    ],
    behavior: { scaleDown: { stabilizationWindowSeconds: 300 } },
  });
});

test('HorizontalPodAutoscaler: bounds by the capacity, and none where the operator scales on connections', () => {
  const build = (autoscaling: object) =>
    buildHorizontalPodAutoscaler(
      testRelayProxy({ capacity: { concurrentConnections: 12_000 }, autoscaling }),
      testFacts,
    )?.spec;
  const { minReplicas, maxReplicas } = build({})!;
  assert.deepEqual([minReplicas, maxReplicas], [6, 10]);
  assert.equal(build({ targetConnectionsPerReplica: 1000 }), undefined);
});

test('NetworkPolicy: each port for those named, the operations port for the operator as well', () => {
  assert.equal(buildNetworkPolicy(testRelayProxy(), testFacts), undefined);
  const allowFrom = [{ namespaceSelector: { matchLabels: { team: 'a' } } }];
  const metricsFrom = [{ namespaceSelector: { matchLabels: { team: 'monitoring' } } }];
  const operator = {
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ops' } },
    podSelector: { matchLabels: { 'app.kubernetes.io/name': 'flagrelay-operator' } },
  };
  const ingress = (given: object) =>
    buildNetworkPolicy(testRelayProxy({ networkPolicy: { enabled: true, ...given } }), {
      ...testFacts,
      operatorNamespace: 'ops',
    })?.spec?.ingress;
  const [sdk, ops] = [{ ports: [{ protocol: 'TCP', port: 8030 }] }, { ports: [{ protocol: 'TCP', port: 8031 }] }];
  assert.deepEqual(ingress({ allowFrom }), [
    { ...sdk, from: allowFrom },
    { ...ops, from: [...allowFrom, operator] },
  ]);
  assert.deepEqual(ingress({ allowFrom, metricsFrom }), [
    { ...sdk, from: allowFrom },
    { ...ops, from: [...metricsFrom, operator] },
  ]);
  assert.deepEqual(ingress({ metricsFrom }), [sdk, { ...ops, from: [...metricsFrom, operator] }]);
  assert.deepEqual(ingress({ allowFrom: [] }), [sdk, ops]);
});

test('ServiceMonitor: selects the Service of the operations port, and only that one', () => {
  assert.equal(buildServiceMonitor(testRelayProxy(), testFacts), undefined);
  assert.equal(buildMetricsService(testRelayProxy(), testFacts), undefined);
  const given = { enabled: true, scrapePeriodSeconds: 15, labels: { release: 'prometheus', [instance]: 'stolen' } };
  const relayProxy = testRelayProxy({ metrics: { serviceMonitor: given } });
  const monitor = buildServiceMonitor(relayProxy, testFacts);
  assert.deepEqual(monitor?.metadata?.labels, { release: 'prometheus', ...labels });
  assert.deepEqual(monitor?.spec.endpoints, [{ port: 'metrics', path: '/metrics', interval: '15s' }]);
  const service = buildMetricsService(relayProxy, testFacts);
  assert.equal(service?.spec?.clusterIP, 'None');
  assert.equal(service?.spec?.ports?.[0]?.name, 'metrics');
  const selects = (target: Record<string, string> = {}) =>
    Object.entries(monitor?.spec.selector.matchLabels ?? {}).every(([key, value]) => target[key] === value);
  assert.ok(selects(service?.metadata.labels));
  assert.ok(!selects(buildService(relayProxy, testFacts)?.metadata.labels));
});

test('PrometheusRule: alerts about this fleet alone, each with its runbook', () => {
  assert.equal(buildPrometheusRule(testRelayProxy(), testFacts), undefined);
  const alerts = { enabled: true, labels: { release: 'prometheus', [instance]: 'stolen' } };
  const rule = buildPrometheusRule(testRelayProxy({ metrics: { alerts } }), testFacts);
  assert.deepEqual(rule?.metadata?.labels, { release: 'prometheus', ...labels });
  const [group] = rule?.spec.groups ?? [];
  assert.equal(group?.name, 'flagrelay.team.demo');
  assert.equal(group?.rules.length, 10);
  for (const { alert, expr, labels: own, annotations } of group?.rules ?? []) {
    assert.match(expr, /namespace="team",(?:name="demo"|pod=~"demo-relay-)/, alert);
    assert.equal(own.relayproxy, 'demo');
    assert.equal(annotations.runbook_url, `https://runbooks.test/${alert}.md`);
  }
});

test('ServiceMonitor: switching it on replaces no pod', () => {
  const template = (enabled: boolean) =>
    buildDeployment(testRelayProxy({ metrics: { serviceMonitor: { enabled } } }), testFacts).spec?.template;
  assert.deepEqual(template(true), template(false));
});

test('Ingress: only when asked for, to the SDK port of the Service and never to another', () => {
  assert.equal(buildIngress(testRelayProxy(), testFacts), undefined);
  const ingress = buildIngress(
    testRelayProxy({
      service: { port: 9000 },
      ingress: {
        className: 'nginx',
        annotations: { timeout: '3600' },
        hosts: [{ host: 'a.example' }, { host: 'b.example', paths: [{ path: '/sdk' }] }],
        tls: [{ secretName: 'cert', hosts: ['a.example'] }],
      },
    }),
    testFacts,
  );
  const backend = { service: { name: 'demo', port: { number: 9000 } } };
  assert.deepEqual(ingress?.metadata, { ...metadata('demo-relay'), annotations: { timeout: '3600' } });
  assert.deepEqual(ingress?.spec, {
    ingressClassName: 'nginx',
    tls: [{ secretName: 'cert', hosts: ['a.example'] }],
    rules: [
      { host: 'a.example', http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } },
      { host: 'b.example', http: { paths: [{ path: '/sdk', pathType: 'Prefix', backend }] } },
    ],
  });
});

test('HTTPRoute: only when asked for, to the SDK port of the Service, without a limit on streams', () => {
  assert.equal(buildHttpRoute(testRelayProxy(), testFacts), undefined);
  const build = (more: object = {}) =>
    buildHttpRoute(testRelayProxy({ httpRoute: { parentRefs: [{ name: 'public' }], ...more } }), testFacts)?.spec;
  const rule = {
    matches: [{ path: { type: 'PathPrefix', value: '/' } }],
    backendRefs: [{ name: 'demo', port: 8030 }],
  };
  assert.deepEqual(build(), {
    parentRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'public' }],
    rules: [{ ...rule, timeouts: { request: '0s', backendRequest: '0s' } }],
  });
  const more = { hostnames: ['a.example'], timeouts: 'GatewayDefault', paths: [{ path: '/sdk', type: 'Exact' }] };
  assert.deepEqual(build(more)?.hostnames, ['a.example']);
  assert.deepEqual(build(more)?.rules, [{ ...rule, matches: [{ path: { type: 'Exact', value: '/sdk' } }] }]);
});

test('common labels and annotations are on every child, below those of the operator; not on pods', () => {
  const commonLabels = { team: 'a', [instance]: 'stolen' };
  const commonAnnotations = { ticket: '1', owner: 'b' };
  const relayProxy = testRelayProxy({ commonLabels, commonAnnotations, service: { annotations: { owner: 'c' } } });
  for (const build of [buildConfigMap, buildService, buildDeployment, buildRole, buildServiceAccount]) {
    const built = build(relayProxy, testFacts)?.metadata;
    assert.equal(built?.labels.team, 'a');
    assert.equal(built?.labels[instance], 'demo');
    assert.equal(built?.annotations?.ticket, '1');
  }
  assert.equal(buildService(relayProxy, testFacts)?.metadata.annotations?.owner, 'c');
  const pod = buildDeployment(relayProxy, testFacts).spec?.template.metadata;
  assert.ok(!('team' in (pod?.labels ?? {})) && !('ticket' in (pod?.annotations ?? {})));
});

test('HorizontalPodAutoscaler: policies of the user stand above ours', () => {
  const scaleUp = { policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }] };
  const build = (behavior: Record<string, unknown>) =>
    buildHorizontalPodAutoscaler(testRelayProxy({ autoscaling: { maxReplicas: 9, behavior } }), testFacts)?.spec;
  assert.deepEqual(build({ scaleUp })?.behavior, { scaleUp, scaleDown: { stabilizationWindowSeconds: 300 } });
  const scaleDown = { stabilizationWindowSeconds: 60 };
  assert.deepEqual(build({ scaleDown })?.behavior, { scaleDown });
});

test('while pods of before run, they have their ports, and the Lease and what lets them hold it', () => {
  const before = { sdkPorts: [8030, 8030], opsPorts: [8031], lease: true };
  const relayProxy = testRelayProxy({ service: { port: 9030 }, networkPolicy: { enabled: true } });
  const tcp = (...ports: number[]) => ({ ports: ports.map((port) => ({ protocol: 'TCP', port })) });
  const rolling = { ...testFacts, before };
  assert.deepEqual(buildNetworkPolicy(relayProxy, rolling)?.spec?.ingress, [tcp(8030, 9030), tcp(8031)]);
  assert.deepEqual(buildNetworkPolicy(relayProxy, testFacts)?.spec?.ingress, [tcp(9030), tcp(8031)]);
  assert.equal(buildLease(relayProxy, rolling)?.metadata.name, 'demo-relay');
  assert.deepEqual(buildRole(relayProxy, rolling)?.rules?.[1]?.resourceNames, ['demo-relay']);
  assert.equal(buildLease(relayProxy, testFacts), undefined);
});
