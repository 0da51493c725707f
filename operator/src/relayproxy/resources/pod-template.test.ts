import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type RelayProxySpecManifest, reserved } from '@flagrelay/crds';
import { samplesFolder } from '@flagrelay/crds/files';
import { parse } from 'yaml';
import { testFacts, testRelayProxy } from '../testing/test-relay-proxy.ts';
import { relayDocument } from './document.ts';
import { folders } from './paths.ts';
import { podTemplate } from './pod-template.ts';
import { mountedVolumes } from './volumes.ts';

const sample = (name: string): RelayProxySpecManifest =>
  parse(readFileSync(join(samplesFolder, `${name}.yaml`), 'utf8')).spec;
const podOf = (spec: RelayProxySpecManifest) => podTemplate(testRelayProxy(spec), testFacts).spec!;

for (const name of ['pod', 'offline-image']) {
  test(`the pod of samples/${name}.yaml`, (t) => {
    const built = podTemplate(testRelayProxy(sample(name)), testFacts);
    t.assert.fileSnapshot(built, join(import.meta.dirname, 'golden', `pod-${name}.golden`));
  });
}

test('every name that the operator uses in a pod is refused in the spec', () => {
  // Each source of keys and data brings a volume of its own.
  const key = { name: 'n', key: 'k' };
  const environments = [{ name: 'e', sdkKeyRef: key, data: { configMapKeyRef: key } }];
  const redis = { urlRef: key };
  const secretRef = { name: 'n' };
  const upstream = { httpProxy: { url: 'http://p', credentialsRef: key } };
  const specs: RelayProxySpecManifest[] = [
    { environments, store: { redis }, tls: { secretRef }, upstream },
    { autoConfig: { keyRef: key } },
    { offline: { secretRef } },
  ];
  const sorted = (items: Iterable<string>) => [...new Set(items)].sort();
  const relays = specs.map((spec) => testRelayProxy(spec));
  const volumes = relays.flatMap((relayProxy) => mountedVolumes(relayProxy, 'demo-config'));
  const containers = relays.flatMap((relayProxy) => podTemplate(relayProxy, testFacts).spec!.containers);
  assert.deepEqual(sorted(volumes.map(({ volume }) => volume.name)), sorted(reserved.volumes));
  assert.deepEqual(sorted(containers.map(({ name }) => name)), sorted(reserved.containers));
  assert.deepEqual(
    sorted(containers.flatMap(({ env = [] }) => env.map(({ name }) => name))),
    sorted(reserved.environment),
  );
  for (const path of [...volumes.map(({ mount }) => mount.mountPath), ...Object.values(folders)]) {
    assert.ok(
      reserved.folders.some((folder) => path === folder || path.startsWith(`${folder}/`)),
      path,
    );
  }
});

test("the user's security contexts take the place of ours, with the sysctl that a low port needs", () => {
  const securityContext = { runAsUser: 1 };
  const pod = podOf({
    service: { port: 80 },
    podTemplate: { securityContext, containerSecurityContext: securityContext },
  });
  const sysctls = [{ name: 'net.ipv4.ip_unprivileged_port_start', value: '0' }];
  assert.deepEqual(pod.securityContext, { sysctls, runAsUser: 1 });
  assert.deepEqual(pod.containers[0]?.securityContext, securityContext);
});

test('what is slept before the end is no longer there for closing streams', () => {
  const drain = (podTemplate: RelayProxySpecManifest['podTemplate']) =>
    relayDocument(testRelayProxy({ podTemplate })).server?.drainMs;
  const slept = { terminationGracePeriodSeconds: 80, preStopSleepSeconds: 20 };
  assert.equal(drain(slept), drain({ terminationGracePeriodSeconds: 60 }));
  assert.deepEqual(podOf({ podTemplate: slept }).containers[0]?.lifecycle, { preStop: { sleep: { seconds: 20 } } });
  assert.equal(podOf({}).containers[0]?.lifecycle, undefined);
});

test('a constraint on nodes takes the place of ours, others are added; each counts our pods unless it says which', () => {
  const constraint = (topologyKey: string, more: object = {}) => ({
    topologyKey,
    whenUnsatisfiable: 'DoNotSchedule' as const,
    ...more,
  });
  const build = (...topologySpreadConstraints: ReturnType<typeof constraint>[]) =>
    podOf({ podTemplate: { topologySpreadConstraints } }).topologySpreadConstraints ?? [];
  const rack = build(constraint('rack'));
  assert.deepEqual(
    rack.map(({ topologyKey }) => topologyKey),
    ['topology.kubernetes.io/zone', 'kubernetes.io/hostname', 'rack'],
  );
  assert.deepEqual(rack[2]?.labelSelector, rack[0]?.labelSelector);
  const other = { matchLabels: { a: 'b' } };
  const host = build(constraint('kubernetes.io/hostname', { maxSkew: 2, labelSelector: other }));
  assert.equal(host.length, 2);
  assert.deepEqual(host[1], constraint('kubernetes.io/hostname', { maxSkew: 2, labelSelector: other }));
});
