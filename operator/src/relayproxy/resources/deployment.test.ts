import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { RelayProxySpecManifest } from '@flagrelay/crds';
import { production, testFacts, testRelayProxy } from '../testing/test-relay-proxy.ts';
import { buildDeployment } from './deployment.ts';
import { configHistoryAnnotation } from './names.ts';

function build(spec: RelayProxySpecManifest = {}, facts = testFacts) {
  return buildDeployment(testRelayProxy(spec), facts);
}

const podOf = (spec?: RelayProxySpecManifest) => build(spec).spec!.template.spec!;

test('the smallest RelayProxy', (t) => {
  t.assert.fileSnapshot(build(), join(import.meta.dirname, 'golden', 'deployment-minimal.golden'));
});

test('what a running relay can take up leaves the pod template alone', () => {
  const template = (environment: object) => build({ environments: [{ ...production, ...environment }] }).spec!.template;
  const before = template({});
  assert.deepEqual(template({ allowedOrigins: ['https://a.example'], clientSideID: 'x', secureMode: true }), before);
  assert.deepEqual(template({ allowedHeaders: ['X-A'], cacheMaxAgeSeconds: 9, logLevel: 'debug' }), before);
});

test('what it cannot take up changes the pod template', () => {
  const before = build().spec!.template;
  const changes: RelayProxySpecManifest[] = [
    { image: 'other' },
    { upstream: { streamURI: 'http://other' } },
    { service: { port: 9000 } },
    { tls: { secretRef: { name: 'cert' } } },
    { environments: [{ ...production, name: 'renamed' }] },
    { environments: [{ ...production, mobileKeyRef: { name: 'keys', key: 'mobile' } }] },
    { environments: [{ ...production, sdkKeyRef: { name: 'other', key: 'sdk' } }] },
    { autoConfig: { keyRef: { name: 'ld', key: 'auto' } } },
  ];
  for (const change of changes) assert.notDeepEqual(build(change).spec!.template, before);
});

test('with a store, the prefix of an environment is of the pod template: a store is made with it', () => {
  const store = { redis: { url: 'redis://r:6379' } };
  const template = (prefix: string) => build({ store, environments: [{ ...production, prefix }] }).spec!.template;
  assert.notDeepEqual(template('new'), template('old'));
});

test('earlier configurations are noted on the Deployment, and nowhere in the pod template', () => {
  const { metadata, spec } = build({}, { ...testFacts, configHistory: ['demo-config-b', 'demo-config-a'] });
  assert.equal(metadata.annotations?.[configHistoryAnnotation], 'demo-config-b,demo-config-a');
  assert.deepEqual(spec?.template, build().spec?.template);
});

test('an operator upgrade does not replace pods whose image is pinned', () => {
  const spec = { image: 'pinned' };
  const upgraded = { ...testFacts, version: '9.9.9', relayImage: 'new' };
  assert.deepEqual(build(spec, upgraded).spec!.template, build(spec).spec!.template);
});

test('replicas are applied where they are ours to say, and left out where they are not', () => {
  const spec = (replicas: number | undefined) => build({}, { ...testFacts, replicas }).spec!;
  assert.equal(spec(4).replicas, 4);
  assert.ok(!('replicas' in spec(undefined)));
});

test('resources: what the user gives, and what is chosen for the rest', () => {
  const of = (spec: RelayProxySpecManifest) => build(spec).spec!.template.spec!.containers[0]?.resources;
  assert.deepEqual(of({ resources: { requests: { cpu: '1' } } }), {
    requests: { cpu: '1', memory: '128Mi' },
    limits: { memory: '512Mi' },
  });
  assert.deepEqual(of({ capacity: { concurrentConnections: 12_000 } })?.requests, { cpu: '200m', memory: '192Mi' });
});

test('labels of the user are added but cannot take the place of those that select pods', () => {
  const labels = { team: 'a', 'app.kubernetes.io/instance': 'stolen' };
  const template = build({ podTemplate: { labels } }).spec!.template;
  assert.equal(template.metadata?.labels?.team, 'a');
  assert.equal(template.metadata?.labels?.['app.kubernetes.io/instance'], 'demo');
});

test('without metrics nothing leads Prometheus to the pods', () => {
  const { template } = build({ metrics: { enabled: false } }).spec!;
  assert.ok(!('prometheus.io/scrape' in (template.metadata?.annotations ?? {})));
  assert.deepEqual(
    template.spec!.containers[0]?.ports?.map(({ name }) => name),
    ['sdk'],
  );
});

test('a port below 1024 comes with the sysctl that lets anybody bind it', () => {
  assert.equal(podOf().securityContext?.sysctls, undefined);
  assert.deepEqual(podOf({ service: { port: 80 } }).securityContext?.sysctls, [
    { name: 'net.ipv4.ip_unprivileged_port_start', value: '0' },
  ]);
});

test('the pod template of the user reaches the pods', () => {
  const pod = podOf({
    imagePullSecrets: [{ name: 'registry' }],
    resources: { requests: { cpu: 1 }, limits: {} },
    podTemplate: {
      nodeSelector: { disk: 'ssd' },
      tolerations: [{ key: 'relay', operator: 'Exists' }],
      priorityClassName: 'high',
      runtimeClassName: 'gvisor',
      serviceAccountName: 'mine',
      terminationGracePeriodSeconds: 30,
    },
  });
  assert.deepEqual(pod.imagePullSecrets, [{ name: 'registry' }]);
  assert.deepEqual(pod.containers[0]?.resources, { requests: { cpu: 1, memory: '128Mi' }, limits: {} });
  assert.deepEqual(pod.nodeSelector, { disk: 'ssd' });
  assert.deepEqual(pod.tolerations, [{ key: 'relay', operator: 'Exists' }]);
  assert.equal(pod.priorityClassName, 'high');
  assert.equal(pod.runtimeClassName, 'gvisor');
  assert.equal(pod.serviceAccountName, 'mine');
  assert.equal(pod.terminationGracePeriodSeconds, 30);
});
