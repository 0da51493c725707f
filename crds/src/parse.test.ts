import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRelayProxy, type RelayProxyManifest } from './index.ts';

const minimal: RelayProxyManifest = {
  apiVersion: 'flagrelay.dev/v1alpha1',
  kind: 'RelayProxy',
  metadata: { name: 'minimal', namespace: 'default', generation: 1 },
  spec: { environments: [{ name: 'production', sdkKeyRef: { name: 'production', key: 'sdk-key' } }] },
};

function parsed(object: unknown) {
  const result = parseRelayProxy(object);
  assert.ok(result.ok, JSON.stringify(result));
  return result.value;
}

function problems(object: unknown): string[] {
  const result = parseRelayProxy(object);
  return result.ok ? [] : result.problems.map(({ path, message }) => `${path}: ${message}`);
}

test('defaults are filled in at every depth', () => {
  const { spec } = parsed(minimal);
  assert.equal(spec.service.port, 8030);
  assert.equal(spec.metrics.port, 8031);
  assert.equal(spec.upstream.onInitTimeout, 'Continue');
  assert.deepEqual(spec.zones, {
    topologyKey: 'topology.kubernetes.io/zone',
    minZones: 2,
    maxSkew: 1,
    policy: 'Preferred',
  });
  assert.equal(spec.environments?.[0]?.secureMode, false);
});

test('what the operator chooses by itself is not filled in, so that it can be told from what somebody asked for', () => {
  const { spec } = parsed({ ...minimal, spec: { ...minimal.spec, autoscaling: { maxReplicas: 5 } } });
  assert.deepEqual([spec.replicas, spec.resources, spec.capacity], [undefined, undefined, undefined]);
  assert.deepEqual(spec.autoscaling, { maxReplicas: 5, scaleDownStabilizationSeconds: 300 });
});

test('two objects never share a default', () => {
  assert.notEqual(parsed(minimal).spec.zones, parsed(minimal).spec.zones);
});

test('metadata is kept as it is, with what is not named in the schema', () => {
  const metadata = { ...minimal.metadata, managedFields: [{ manager: 'kubectl' }], labels: { team: 'platform' } };
  assert.deepEqual(parsed({ ...minimal, metadata }).metadata, metadata);
});

test('fields of a newer version are left out', () => {
  const { spec } = parsed({ ...minimal, spec: { ...minimal.spec, fromTheFuture: true } });
  assert.ok(!('fromTheFuture' in spec));
});

test('every mistake is named, with its place', () => {
  const spec = {
    replicas: -1,
    logLevel: 'loud',
    service: { port: '8030' },
    environments: [{ name: 'production' }, { sdkKeyRef: { name: '', key: 'a/b' } }],
  };
  assert.deepEqual(problems({ ...minimal, spec }), [
    'spec.replicas: should be greater than or equal to 0',
    'spec.environments[0].sdkKeyRef: Required value',
    'spec.environments[1].name: Required value',
    'spec.environments[1].sdkKeyRef.name: should be at least 1 chars long',
    "spec.environments[1].sdkKeyRef.key: should match '^[-._a-zA-Z0-9]+$'",
    'spec.service.port: must be of type integer',
    'spec.logLevel: Unsupported value; supported values: "debug", "info", "warn", "error", "none"',
  ]);
});

test('what is no object at all is refused, not thrown at', () => {
  for (const input of [undefined, null, 'RelayProxy', 7, []]) assert.equal(problems(input).length, 1);
});

test('another kind is refused', () => {
  assert.deepEqual(problems({ ...minimal, kind: 'Deployment' }), [
    'kind: Unsupported value; supported values: "RelayProxy"',
  ]);
});

test('status is read with the states of LaunchDarkly and ours', () => {
  const status = {
    environments: [{ name: 'production', state: 'CredentialMissing' }],
    instances: [{ name: 'minimal-relay-0', configHash: 'abc', unhealthy: [{ name: 'production', state: 'OFF' }] }],
  };
  assert.deepEqual(parsed({ ...minimal, status }).status, status);
});
