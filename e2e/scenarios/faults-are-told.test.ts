import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { KubeObject } from '../cluster/kubectl.ts';
import { repositoryRoot } from '../machine/paths.ts';
import { waitFor } from '../machine/wait-for.ts';
import { eventsAbout } from './support/events.ts';
import { observed } from './support/observed.ts';
import { condition, openStage, waitReady } from './support/stage.ts';

const manifest = (name: string) => readFileSync(join(repositoryRoot, 'e2e/demo/manifests', `${name}.yaml`), 'utf8');
const data = { configMapKeyRef: { name: 'demo-flags', key: 'flags.yaml' } };
const production = { name: 'production', sdkKeyRef: { name: 'demo-keys', key: 'sdk-key' } };
const fleet = (name: string, spec: object): object => ({
  ...{ apiVersion: 'flagrelay.dev/v1alpha1', kind: 'RelayProxy', metadata: { name } },
  spec: { replicas: 1, environments: [{ ...production, data }], ...spec },
});
const secret = (name: string) => ({
  ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name } },
  stringData: { 'sdk-key': 'sdk-00000000-0000-4000-8000-0000000twins' },
});
const messageOf = (object: KubeObject, type: string): string =>
  (object.status?.conditions ?? []).find((c: { type: string }) => c.type === type)?.message ?? '';

test('what is wrong with a fleet is told within seconds, by its name', { timeout: 400_000 }, async (t) => {
  const stage = await openStage('faults');
  t.after(stage.close);
  const { kubectl, namespace } = stage;
  for (const name of ['keys', 'flags']) await kubectl.apply(manifest(name), { namespace });
  const upstream = { streamURI: 'http://up:8030', baseURI: 'http://up:8030', disconnectedAfterSeconds: 5 };
  const begun = performance.now();
  await kubectl.apply(
    [
      secret('one'),
      secret('two'),
      fleet('host', {
        ...{ replicas: 2, zones: { topologyKey: 'kubernetes.io/hostname', minZones: 2 } },
        disruptionBudget: { minAvailable: 2 },
      }),
      fleet('tls', { tls: { secretRef: { name: 'nope' } } }),
      fleet('auto', { environments: undefined, autoConfig: { keyRef: { name: 'absent', key: 'auto' } } }),
      fleet('twins', {
        environments: ['one', 'two'].map((name) => ({ name, sdkKeyRef: { name, key: 'sdk-key' }, data })),
      }),
      fleet('up', { podTemplate: { terminationGracePeriodSeconds: 2 } }),
      fleet('down', { environments: [production], upstream }),
    ],
    { namespace },
  );
  const told: Record<string, number> = {};
  const until = async (name: string, type: string, expected: string, since = begun, timeoutMs = 90_000) => {
    const found = await kubectl.waitForObject(
      ...(['relayproxy', name, namespace, `${type} ${expected}`] as const),
      (o) => condition(o, type) === expected,
      timeoutMs,
    );
    told[`${name} ${expected}`] = Math.round((performance.now() - since) / 100) / 10;
    return found;
  };
  const patch = (...args: string[]) => kubectl.run([...args, '-n', namespace]);

  await t.test('a Secret that cannot be mounted: object, key and field', async () => {
    const found = await until('tls', 'ReferencesResolved', 'False/SecretNotFound');
    assert.match(messageOf(found, 'ReferencesResolved'), /Secret "nope" \(`spec\.tls\.secretRef`\)/);
    assert.match(messageOf(await until('tls', 'Progressing', 'False/PodsFailing'), 'Progressing'), /nope/);
    assert.match(messageOf(found, 'Ready'), /pods are ready/);
  });

  await t.test('a Secret that a pod starts without: object, key and field', async () => {
    const found = await until('auto', 'ReferencesResolved', 'False/SecretKeyNotFound');
    assert.match(
      messageOf(found, 'ReferencesResolved'),
      /key "auto" of Secret "absent" \(`spec\.autoConfig\.keyRef`\)/,
    );
  });

  await t.test('two environments with one key: which they are, and never the key', async () => {
    const found = await until('twins', 'EnvironmentsConnected', 'False/DuplicateCredential');
    assert.match(messageOf(found, 'EnvironmentsConnected'), /two \(DuplicateCredential, .*environment "one"/);
    assert.doesNotMatch(JSON.stringify(found.status), /sdk-0000/);
    assert.match(condition(found, 'Ready'), /^False/);
  });

  await t.test('nodes as zones, a budget that blocks drains, and a paused Deployment', async () => {
    await waitReady(stage, 'host');
    const host = await until('host', 'ZonesSpread', 'True/Spread');
    assert.equal(condition(host, 'DrainsAllowed'), 'False/BudgetBlocksDrains');
    assert.equal(host.status.zones.length, 2, 'pods of two nodes');
    const since = performance.now();
    await patch('rollout', 'pause', 'deployment/host-relay');
    await kubectl.waitForObject(
      ...(['deployment', 'host-relay', namespace, 'it goes on'] as const),
      (o) => o.spec?.paused !== true,
      30_000,
    );
    told['host goes on'] = Math.round((performance.now() - since) / 100) / 10;
    const reasons = async () => (await eventsAbout(kubectl, namespace, 'host')).map(({ reason }) => reason);
    await waitFor('the Event', async () => (await reasons()).includes('DeploymentPaused') || undefined, {
      timeoutMs: 30_000,
    });
  });

  await t.test('a pod that only bears the labels of a fleet is none of it', async () => {
    const before = await waitReady(stage, 'up');
    const [pod] = await kubectl.list('pods', namespace, 'app.kubernetes.io/instance=up');
    // With the hash of a template its ReplicaSet would adopt it.
    const { 'pod-template-hash': _, ...labels } = pod?.metadata.labels ?? {};
    const imposter = {
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'imposter', labels } },
      spec: {
        securityContext: pod?.spec?.securityContext,
        automountServiceAccountToken: false,
        terminationGracePeriodSeconds: 1,
        containers: [sleeping(stage.relayImage)],
      },
    };
    await kubectl.apply([imposter], { namespace });
    await kubectl.run(['wait', 'pod/imposter', '-n', namespace, '--for=condition=Ready', '--timeout=60s']);
    await patch('annotate', 'relayproxy', 'up', 'example.com/look=1', '--overwrite');
    const zones = (o: KubeObject) => o.status.zones.map((zone: { replicas: number }) => zone.replicas);
    const after = await kubectl.waitForObject('relayproxy', 'up', namespace, 'Ready', (o) => o.status !== undefined);
    assert.deepEqual(zones(after), zones(before));
  });

  await t.test('reports that stop: the ServiceAccount of the pods was made anew, then upstream is lost', async () => {
    await waitReady(stage, 'down');
    const since = performance.now();
    await patch('delete', 'serviceaccount', 'down-relay');
    await until('down', 'ReportsReceived', 'Unknown/AccountReplaced', since);
    await patch('scale', 'relayproxy', 'up', '--replicas=0');
    const lost = performance.now();
    const found = await until('down', 'ReportsReceived', 'False/TokenRefused', lost, 120_000);
    assert.match(messageOf(found, 'ReportsReceived'), /the API server refuses the token of its ServiceAccount/);
    await until('down', 'EnvironmentsConnected', 'False/SomeDisconnected', lost, 120_000);
  });

  observed('faults-are-told', { toldAfterSeconds: told });
});

/** A container that does nothing. */
function sleeping(image: string): object {
  const capabilities = { drop: ['ALL'] };
  return {
    ...{ name: 'relay', image, command: ['/nodejs/bin/node', '-e', 'setInterval(() => {}, 1000)'] },
    securityContext: { allowPrivilegeEscalation: false, capabilities },
  };
}
