import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { operatorAlerts } from '@flagrelay/operator/monitoring/operator-alerts';
import { chartFolder, helm, type Rendered, render } from './programs.ts';

/** What the values change in the rendered objects. */

const set = (...pairs: string[]): Promise<readonly Rendered[]> => render(...pairs.flatMap((pair) => ['--set', pair]));
const json = (name: string, value: unknown): Promise<readonly Rendered[]> =>
  render('--set-json', `${name}=${JSON.stringify(value)}`);
const find = (objects: readonly Rendered[], kind: string) => objects.find((object) => object.kind === kind);
const podOf = (objects: readonly Rendered[]) => find(objects, 'Deployment')?.spec.template.spec;
const containerOf = (objects: readonly Rendered[]) => podOf(objects).containers[0];
const variable = (objects: readonly Rendered[], name: string): string | undefined =>
  containerOf(objects).env.find((one: { name: string }) => one.name === name)?.value;

describe('images', () => {
  test('come from one mirror where it is named', async () => {
    const objects = await set('global.imageRegistry=mirror.test:5000', 'image.tag=v1', 'relay.image.tag=v2');
    assert.equal(containerOf(objects).image, 'mirror.test:5000/flagrelay/operator:v1');
    assert.equal(variable(objects, 'RELAY_IMAGE'), 'mirror.test:5000/flagrelay/relay:v2');
    assert.equal(containerOf(await set('image.registry=', 'image.tag=v1')).image, 'flagrelay/operator:v1');
  });

  test('are pulled with the secrets of both lists, each once', async () => {
    const lists = 'global.imagePullSecrets[0].name=a,imagePullSecrets[0].name=a,imagePullSecrets[1].name=b';
    assert.deepEqual(podOf(await set(lists)).imagePullSecrets, [{ name: 'a' }, { name: 'b' }]);
  });
});

describe("Node's heap", () => {
  const heap = async (limit: string) =>
    variable(await json('resources', { limits: { memory: limit } }), 'NODE_OPTIONS');

  test('is three quarters of the memory limit', async () => {
    assert.equal(await heap('1Gi'), '--max-old-space-size=768');
    assert.equal(await heap('400M'), '--max-old-space-size=286');
    assert.equal(await heap('1.5Gi'), undefined);
    assert.equal(variable(await json('resources', null), 'NODE_OPTIONS'), undefined);
  });

  test('is left to the user who says otherwise', async () => {
    const objects = await json('extraEnv', [{ name: 'NODE_OPTIONS', value: '--max-old-space-size=100' }]);
    assert.equal(variable(objects, 'NODE_OPTIONS'), '--max-old-space-size=100');
    const names: string[] = containerOf(objects).env.map(({ name }: { name: string }) => name);
    assert.equal(new Set(names).size, names.length);
  });
});

describe('the operator', () => {
  test('elects a leader by the times that are given, or runs alone', async () => {
    const objects = await set('leaderElection.leaseDurationSeconds=60', 'leaderElection.renewDeadlineSeconds=40');
    assert.equal(variable(objects, 'LEASE_DURATION_SECONDS'), '60');
    assert.equal(variable(objects, 'RENEW_DEADLINE_SECONDS'), '40');
    const alone = await set('leaderElection.enabled=false', 'replicas=1');
    assert.equal(variable(alone, 'LEADER_ELECTION'), 'false');
    assert.equal(find(alone, 'Role'), undefined);
    await assert.rejects(set('leaderElection.enabled=false'), /several operators without a Lease/);
  });

  test('has its limits and its log as they are given', async () => {
    const objects = await set(
      'controller.concurrency=2',
      'controller.kubeQPS=20',
      'log.level=debug',
      'log.format=text',
    );
    assert.equal(variable(objects, 'CONCURRENCY'), '2');
    assert.equal(variable(objects, 'KUBE_QPS'), '20');
    assert.equal(variable(objects, 'LOG_LEVEL'), 'debug');
    assert.equal(variable(objects, 'LOG_FORMAT'), 'text');
  });

  test('has what else its pods need', async () => {
    const objects = await set(
      'hostNetwork=true,dnsPolicy=ClusterFirstWithHostNet,dnsConfig.nameservers[0]=10.0.0.1,runtimeClassName=gvisor',
      'terminationGracePeriodSeconds=60,revisionHistoryLimit=1,enableServiceLinks=true,probes.liveness.periodSeconds=20',
      'extraVolumes[0].name=ca,extraVolumes[0].configMap.name=ca,extraVolumeMounts[0].name=ca,extraVolumeMounts[0].mountPath=/ca',
      'probes.port=9081,metrics.port=9080',
    );
    const pod = podOf(objects);
    assert.equal(pod.hostNetwork, true);
    assert.equal(pod.dnsPolicy, 'ClusterFirstWithHostNet');
    assert.deepEqual(pod.dnsConfig, { nameservers: ['10.0.0.1'] });
    assert.equal(pod.runtimeClassName, 'gvisor');
    assert.equal(pod.terminationGracePeriodSeconds, 60);
    assert.equal(pod.enableServiceLinks, true);
    assert.deepEqual(pod.volumes, [{ name: 'ca', configMap: { name: 'ca' } }]);
    const container = containerOf(objects);
    assert.deepEqual(container.volumeMounts, [{ name: 'ca', mountPath: '/ca' }]);
    assert.equal(container.livenessProbe.periodSeconds, 20);
    assert.deepEqual(
      container.ports.map(({ containerPort }: { containerPort: number }) => containerPort),
      [9080, 9081],
    );
    assert.equal(find(objects, 'Deployment')?.spec.revisionHistoryLimit, 1);
    assert.equal(find(objects, 'Service')?.spec.ports[0].port, 9080);
  });

  test('is shut off from all but DNS, relays and the API server by the NetworkPolicy', async () => {
    const objects = await json('networkPolicy', {
      enabled: true,
      apiServerCIDRs: ['10.0.0.1/32'],
      metricsFrom: [{ namespaceSelector: { matchLabels: { team: 'monitoring' } } }],
    });
    const spec = find(objects, 'NetworkPolicy')?.spec;
    assert.deepEqual(spec.policyTypes, ['Ingress', 'Egress']);
    assert.deepEqual(spec.ingress[1].from, [{ namespaceSelector: { matchLabels: { team: 'monitoring' } } }]);
    assert.deepEqual(spec.egress.at(-1).to, [{ ipBlock: { cidr: '10.0.0.1/32' } }]);
  });
});

describe('objects', () => {
  test('are in the namespace that is named, and nowhere else', async () => {
    const objects = await set('namespaceOverride=elsewhere,grafanaDashboards.enabled=true,networkPolicy.enabled=true');
    for (const { kind, metadata } of objects) {
      if (metadata.namespace !== undefined) assert.equal(metadata.namespace, 'elsewhere', kind);
    }
    assert.ok(!JSON.stringify(objects).includes('flagrelay-system'));
  });

  test('have the annotations of the user, and keep their own', async () => {
    const objects = await set('commonAnnotations.team=platform,serviceAccount.annotations.role=x,crds.annotations.y=z');
    for (const { kind, metadata } of objects)
      if (kind !== 'Pod') assert.equal(metadata.annotations?.team, 'platform', kind);
    assert.equal(find(objects, 'ServiceAccount')?.metadata.annotations?.role, 'x');
    const crd = find(objects, 'CustomResourceDefinition')?.metadata.annotations;
    assert.deepEqual(crd, { team: 'platform', y: 'z', 'helm.sh/resource-policy': 'keep' });
  });

  test('of the user are added, with templates filled in', async () => {
    const objects = await json('extraObjects', [
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: '{{ .Release.Name }}-extra' } },
      'apiVersion: v1\nkind: Endpoints\nmetadata:\n  name: "{{ .Release.Namespace }}"\n',
    ]);
    assert.equal(find(objects, 'Secret')?.metadata.name, 'flagrelay-extra');
    assert.equal(find(objects, 'Endpoints')?.metadata.name, 'flagrelay-system');
  });
});

describe('monitoring', () => {
  test('can be switched off', async () => {
    const objects = await set('metrics.enabled=false');
    assert.equal(find(objects, 'Service'), undefined);
    assert.equal(variable(objects, 'METRICS_ENABLED'), 'false');
    await assert.rejects(set('metrics.enabled=false,metrics.serviceMonitor.enabled=true'), /needs metrics\.enabled/);
    await assert.rejects(set('metrics.port=8081'), /must differ/);
  });

  test('leaves out what the cluster does not know, fails, or does not ask', async () => {
    const monitor = 'metrics.serviceMonitor.enabled=true';
    const mode = 'metrics.serviceMonitor.renderMode';
    assert.equal(find(await set(monitor), 'ServiceMonitor'), undefined);
    const known = await render('--set', monitor, '--api-versions', 'monitoring.coreos.com/v1/ServiceMonitor');
    assert.ok(find(known, 'ServiceMonitor'));
    assert.ok(find(await set(monitor, `${mode}=alwaysRender`), 'ServiceMonitor'));
    await assert.rejects(set(monitor, `${mode}=failIfMissing`), /asks for monitoring\.coreos\.com\/v1\/ServiceMonitor/);
  });

  test('has alerts about this operator, with runbooks where the user keeps them', async () => {
    const objects = await set(
      'prometheusRule.enabled=true,prometheusRule.renderMode=alwaysRender,prometheusRule.labels.release=monitoring',
      'prometheusRule.runbookBaseURL=https://runbooks.test/',
    );
    const rule = find(objects, 'PrometheusRule');
    assert.equal(rule?.metadata.labels?.release, 'monitoring');
    const { rules } = rule?.spec.groups[0] ?? {};
    assert.equal(rules.length, operatorAlerts('ops', 'flagrelay').length);
    for (const { alert, expr, annotations } of rules) {
      assert.match(expr, /namespace="flagrelay-system",pod=~"flagrelay-\[\^-\]\+-\[\^-\]\+"/);
      assert.equal(annotations.runbook_url, `https://runbooks.test/${alert}.md`);
    }
    assert.doesNotMatch(JSON.stringify(rule), /%[A-Z]+%/);
    assert.equal(variable(objects, 'RUNBOOK_BASE_URL'), 'https://runbooks.test/');
  });

  test('has dashboards where a sidecar finds them', async () => {
    const objects = await set('grafanaDashboards.enabled=true,grafanaDashboards.namespace=grafana');
    const maps = objects.filter(({ kind }) => kind === 'ConfigMap');
    assert.deepEqual(
      maps.map(({ metadata }) => metadata.name),
      ['flagrelay-dashboard-operator', 'flagrelay-dashboard-relay'],
    );
    for (const { metadata, data } of maps) {
      assert.equal(metadata.namespace, 'grafana');
      assert.equal(metadata.labels?.grafana_dashboard, '1');
      const [text] = Object.values(data as Record<string, string>);
      assert.match(JSON.parse(text ?? '').title, /^flagrelay /);
    }
  });
});

describe('the notes', () => {
  const notes = async (...pairs: string[]) => {
    const flags = pairs.flatMap((pair) => ['--set', pair]);
    const arguments_ = ['--namespace', 'flagrelay-system', '--dry-run=client', ...flags];
    return helm('install', 'flagrelay', chartFolder, ...arguments_);
  };

  test('warn of values that will hurt, and of nothing else', async () => {
    assert.doesNotMatch(await notes(), /WARNING/);
    for (const [pairs, warning] of [
      ['replicas=1', /replicas is 1/],
      ['image.tag=latest', /"latest"/],
      ['admissionPolicy.enabled=false', /can change the whole status/],
      ['metrics.serviceMonitor.enabled=true', /no ServiceMonitors/],
      ['prometheusRule.enabled=true', /no PrometheusRules/],
      ['prometheusRule.enabled=true,metrics.enabled=false', /will always fire/],
      ['podDisruptionBudget.maxUnavailable=0', /cannot be drained/],
      ['networkPolicy.enabled=true', /apiServerCIDRs is empty/],
      ['hostNetwork=true', /ClusterFirstWithHostNet/],
      ['crds.enabled=false', /no RelayProxy CRD/],
    ] as const) {
      assert.match(await notes(pairs), warning, pairs);
    }
  });
});
