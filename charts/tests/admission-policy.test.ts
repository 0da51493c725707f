import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { relayProxyCrd, waitForRelayProxyCrd } from '@flagrelay/e2e/cluster/crd';
import { createKubectl, type Kubectl } from '@flagrelay/e2e/cluster/kubectl';
import { CommandError } from '@flagrelay/e2e/machine/run';
import { waitFor } from '@flagrelay/e2e/machine/wait-for';
import { clusterFromEnvironment, renderText } from './programs.ts';

/** What whoever has the token of a relay can do to the status of its RelayProxy; tried on a real API server. */

const namespace = 'chart-admission-policy';
const release = 'chart-admission-policy';
const relayProxy = 'guarded';
const account = `${relayProxy}-relay`;

const fixtures = [
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: account } },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { name: account },
    rules: [
      {
        apiGroups: ['flagrelay.dev'],
        resources: ['relayproxies/status'],
        resourceNames: [relayProxy],
        verbs: ['get', 'patch'],
      },
    ],
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: account },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: account },
    subjects: [{ kind: 'ServiceAccount', name: account, namespace }],
  },
  {
    apiVersion: 'flagrelay.dev/v1alpha1',
    kind: 'RelayProxy',
    metadata: { name: relayProxy },
    spec: { paused: true, environments: [{ name: 'production', sdkKeyRef: { name: 'none', key: 'none' } }] },
  },
  // Pods that tokens are bound to; they need not run.
  ...['a', 'b'].map((name) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      serviceAccountName: account,
      schedulingGates: [{ name: 'flagrelay.dev/never' }],
      containers: [{ name: 'relay', image: 'none' }],
    },
  })),
];

describe('the token of a relay', () => {
  const admin = clusterFromEnvironment();
  const folder = mkdtempSync(join(tmpdir(), 'flagrelay-admission-'));
  let hadCrd = false;

  const apply = (text: string, ...args: string[]) =>
    admin.run(['apply', '--server-side', '--force-conflicts', '-f', '-', ...args], { input: text });

  /** kubectl with a token of the relays' account, bound to a pod or to none. */
  async function withTokenOf(pod: string | undefined): Promise<Kubectl> {
    const bound = pod === undefined ? [] : ['--bound-object-kind', 'Pod', '--bound-object-name', pod];
    const token = (await admin.run(['create', 'token', account, '-n', namespace, ...bound])).trim();
    const config = JSON.parse(await admin.run(['config', 'view', '--raw', '--minify', '--flatten', '-o', 'json']));
    for (const user of config.users) user.user = { token };
    const kubeconfig = join(folder, `kubeconfig-${pod ?? 'unbound'}`);
    writeFileSync(kubeconfig, JSON.stringify(config), { mode: 0o600 });
    return createKubectl({ program: process.env.KUBECTL ?? 'kubectl', kubeconfig });
  }

  /** Patches the status as whoever `kubectl` is. */
  const patch = (kubectl: Kubectl, status: unknown) =>
    kubectl.run([
      ...['patch', 'relayproxy', relayProxy, '-n', namespace, '--subresource', 'status', '--type', 'merge'],
      ...['-p', JSON.stringify({ status })],
    ]);

  async function refused(attempt: Promise<string>, reason: RegExp): Promise<void> {
    await assert.rejects(attempt, (error) => {
      assert.ok(error instanceof CommandError);
      assert.match(error.stderr, reason);
      return true;
    });
  }

  before(async () => {
    // What an earlier run left is on its way out.
    await admin.remove('namespace', namespace);
    hadCrd = (await admin.get('crd', relayProxyCrd)) !== undefined;
    if (!hadCrd) await apply(await renderText(release, namespace, '-s', 'templates/crds/relayproxies.yaml'));
    await waitForRelayProxyCrd(admin);
    const policy = ['-s', 'templates/validatingadmissionpolicy.yaml', '--set', `watchNamespaces={${namespace}}`];
    await apply(await renderText(release, namespace, ...policy));
    await apply(JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }));
    await apply(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: fixtures }), '-n', namespace);
    await patch(admin, { version: '1', instances: [{ name: 'a' }, { name: 'b' }] });
    // A new policy is in force a moment later.
    const relay = await withTokenOf('a');
    let attempt = 0;
    await waitFor(
      'the policy to be in force',
      () =>
        // Another value each time: an attempt that came too early has written its own, and writing that again changes nothing.
        patch(relay, { version: `attempt ${attempt++}` }).then(
          () => undefined,
          () => true,
        ),
      {
        timeoutMs: 60_000,
      },
    );
    await patch(admin, { version: '1' });
  });

  after(async () => {
    rmSync(folder, { recursive: true, force: true });
    const names = [`${namespace}-${release}-flagrelay-relay-status`];
    for (const kind of ['validatingadmissionpolicybinding', 'validatingadmissionpolicy']) {
      await admin.run(['delete', kind, ...names, '--ignore-not-found']);
    }
    await admin.run(['delete', 'relayproxy', relayProxy, '-n', namespace, '--ignore-not-found']);
    await admin.run(['delete', 'namespace', namespace, '--ignore-not-found', '--wait=false']);
    if (!hadCrd) await admin.run(['delete', 'crd', 'relayproxies.flagrelay.dev', '--ignore-not-found']);
  });

  test('may write the item of its pod', async () => {
    await patch(await withTokenOf('a'), { instances: [{ name: 'a', ready: true }, { name: 'b' }] });
  });

  test('may not touch the item of another pod, nor add or remove one', async () => {
    const relay = await withTokenOf('a');
    for (const instances of [
      [{ name: 'a' }, { name: 'b', ready: true }],
      [{ name: 'a' }, { name: 'b' }, { name: 'c' }],
      [{ name: 'a' }],
      [],
    ]) {
      await refused(patch(relay, { instances }), /may change no item of status\.instances but its own, a/);
    }
  });

  test('may not change what the operator writes', async () => {
    const relay = await withTokenOf('a');
    await refused(patch(relay, { version: '9' }), /may not change status\.version/);
    await refused(patch(relay, { replicas: 9 }), /may not change status\.replicas/);
    await refused(patch(relay, { environments: [{ name: 'x', state: 'VALID' }] }), /status\.environments/);
    await refused(patch(relay, null), /a relay may/);
    const lastTransitionTime = '2026-01-01T00:00:00Z';
    const condition = { type: 'Ready', status: 'True', reason: 'Stolen', message: '', lastTransitionTime };
    await refused(patch(relay, { conditions: [condition] }), /may not change status\.conditions/);
  });

  test('cannot drop or forge who manages which field: the API server takes no managers from a patch of the status', async () => {
    const relay = await withTokenOf('a');
    const managers = async (): Promise<string[]> => {
      const args = ['get', 'relayproxy', relayProxy, '-n', namespace, '--show-managed-fields', '-o', 'json'];
      const { metadata } = JSON.parse(await admin.run(args)) as { metadata: { managedFields: { manager: string }[] } };
      return metadata.managedFields.map(({ manager }) => manager);
    };
    const body = JSON.stringify({
      metadata: { managedFields: [{}] },
      status: { instances: [{ name: 'a' }, { name: 'b' }] },
    });
    const reset = (kubectl: Kubectl) =>
      kubectl.run([
        ...[
          'patch',
          'relayproxy',
          relayProxy,
          '-n',
          namespace,
          '--subresource',
          'status',
          '--type',
          'merge',
          '-p',
          body,
        ],
      ]);
    const before = await managers();
    assert.ok(before.length > 1, before.join());
    await reset(relay);
    const after = await managers();
    assert.deepEqual(
      before.filter((manager) => !after.includes(manager)),
      [],
    );
  });

  test('is worth nothing when it is not bound to a pod', async () => {
    await refused(patch(await withTokenOf(undefined), { instances: [] }), /must be bound to its pod/);
  });

  test('opens nothing but the status of its own RelayProxy', async () => {
    const relay = await withTokenOf('a');
    await refused(relay.run(['get', 'relayproxies', '-n', namespace]), /forbidden/);
    await refused(relay.run(['get', 'secrets', '-n', namespace]), /forbidden/);
  });
});
