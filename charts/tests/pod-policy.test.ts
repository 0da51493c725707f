import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { relayProxyCrd, waitForRelayProxyCrd } from '@flagrelay/e2e/cluster/crd';
import { CommandError } from '@flagrelay/e2e/machine/run';
import { waitFor } from '@flagrelay/e2e/machine/wait-for';
import { clusterFromEnvironment, renderText } from './programs.ts';

/** What the policies about RelayProxies say to whoever writes one; tried on a real API server, nothing is kept. */

const namespace = 'chart-pod-policy';
const release = 'chart-pod-policy';

const environments = [{ name: 'production', sdkKeyRef: { name: 'keys', key: 'sdk' } }];
const init = (container: object) => ({
  podTemplate: { initContainers: [{ name: 'x', image: 'good.test/x:1', ...container }] },
});
const volume = (source: object) => ({ podTemplate: { volumes: [{ name: 'x', ...source }] } });

/** Why a spec is refused; undefined where it is not. */
const specs: [what: string, spec: object, refusal: RegExp | undefined][] = [
  ['the least', {}, undefined],
  ['an image of the registry', { image: 'good.test/relay:1' }, undefined],
  ['an image by its digest', { image: `good.test/relay@sha256:${'0'.repeat(64)}` }, undefined],
  ['an image from elsewhere', { image: 'evil.test/relay:1' }, /must begin with one of: good\.test\//],
  ['a registry that only begins alike', { image: 'good.test.evil/relay:1' }, /must begin with one of/],
  ['a container from elsewhere', init({ image: 'evil.test/x:1' }), /must begin with one of/],
  ['a named account', { podTemplate: { serviceAccountName: 'mine' } }, undefined],
  ['a foreign account', { podTemplate: { serviceAccountName: 'admin' } }, /admin is not one of those/],
  ['a path of the node', volume({ hostPath: { path: '/' } }), /no path of the node/],
  ['a volume of a legacy kind', volume({ nfs: { server: 'x', path: '/' } }), /only configMap, csi/],
  ['a scratch volume', volume({ emptyDir: {} }), undefined],
  ['a privileged container', init({ securityContext: { privileged: true } }), /may be privileged/],
  ['more capabilities', init({ securityContext: { capabilities: { add: ['SYS_ADMIN'] } } }), /add capabilities/],
  ['root', { podTemplate: { securityContext: { runAsUser: 0 } } }, /run as root/],
  ['root of the relay itself', { podTemplate: { containerSecurityContext: { runAsNonRoot: false } } }, /run as root/],
  ['a port of the node', init({ ports: [{ containerPort: 80, hostPort: 80 }] }), /hostPort/],
  [
    'a priority of the system',
    { podTemplate: { priorityClassName: 'system-node-critical' } },
    /priorities of the system/,
  ],
  ['a Secret as a volume', volume({ secret: { secretName: 'x' } }), /may not use Secrets/],
  [
    'a Secret as a variable',
    { podTemplate: { env: [{ name: 'X', valueFrom: { secretKeyRef: { name: 'x', key: 'x' } } }] } },
    /may not use Secrets/,
  ],
  [
    "the relay's own Secrets in another container",
    init({ volumeMounts: [{ name: 'secrets', mountPath: '/x' }] }),
    /may not use Secrets/,
  ],
];

const warnings: [what: string, name: string, spec: object, warning: RegExp | undefined][] = [
  ['the least', 'w', {}, undefined],
  ['a budget of none', 'w', { disruptionBudget: { maxUnavailable: 0 } }, /maxUnavailable is 0/],
  ['all must stay', 'w', { replicas: 2, disruptionBudget: { minAvailable: 2 } }, /as many pods as there are/],
  ['all must stay, by default', 'w', { disruptionBudget: { minAvailable: '100%' } }, /as many pods as there are/],
  ['one may go', 'w', { replicas: 2, disruptionBudget: { minAvailable: 1 } }, undefined],
  ['a budget that is off', 'w', { disruptionBudget: { enabled: false, maxUnavailable: 0 } }, undefined],
  ['a name that may collide', 'w-metrics', {}, /Service w-metrics is also what/],
];

describe('who writes a RelayProxy', () => {
  const admin = clusterFromEnvironment();
  let hadCrd = false;

  const apply = (text: string) =>
    admin.run(['apply', '--server-side', '--force-conflicts', '-f', '-'], { input: text });

  /** Everything that a dry run of a creation prints, its refusal included. */
  async function create(name: string, spec: object): Promise<string> {
    const metadata = { name, namespace };
    const object = {
      apiVersion: 'flagrelay.dev/v1alpha1',
      kind: 'RelayProxy',
      metadata,
      spec: { environments, ...spec },
    };
    try {
      // kubectl prints warnings beside its answer; as an error they are seen.
      return await admin.run(['create', '--dry-run=server', '--warnings-as-errors', '-f', '-'], {
        input: JSON.stringify(object),
      });
    } catch (error) {
      assert.ok(error instanceof CommandError);
      return error.stderr;
    }
  }

  before(async () => {
    hadCrd = (await admin.get('crd', relayProxyCrd)) !== undefined;
    if (!hadCrd) await apply(await renderText(release, namespace, '-s', 'templates/crds/relayproxies.yaml'));
    await waitForRelayProxyCrd(admin);
    await apply(JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }));
    const values = [
      `watchNamespaces={${namespace}}`,
      'podPolicy.enabled=true,podPolicy.allowSecretMounts=false',
      'podPolicy.serviceAccounts={mine},podPolicy.registries={good.test/}',
    ].flatMap((value) => ['--set', value]);
    for (const template of ['pod-policy', 'warnings']) {
      await apply(await renderText(release, namespace, '-s', `templates/${template}.yaml`, ...values));
    }
    // A new policy is in force a moment later.
    const inForce = async () =>
      /no path of the node/.test(await create('x', volume({ hostPath: { path: '/' } }))) &&
      /maxUnavailable is 0/.test(await create('x', { disruptionBudget: { maxUnavailable: 0 } }));
    await waitFor('the policies to be in force', async () => (await inForce()) || undefined, { timeoutMs: 60_000 });
  });

  after(async () => {
    for (const name of ['pods', 'warnings'].map((policy) => `${namespace}-${release}-flagrelay-${policy}`)) {
      for (const kind of ['validatingadmissionpolicybinding', 'validatingadmissionpolicy']) {
        await admin.run(['delete', kind, name, '--ignore-not-found']);
      }
    }
    await admin.run(['delete', 'namespace', namespace, '--ignore-not-found', '--wait=false']);
    if (!hadCrd) await admin.run(['delete', 'crd', 'relayproxies.flagrelay.dev', '--ignore-not-found']);
  });

  for (const [what, spec, refusal] of specs) {
    test(`${what}: ${refusal === undefined ? 'accepted' : 'refused'}`, async () => {
      const answer = await create('x', spec);
      assert.match(answer, refusal ?? /created/);
    });
  }

  for (const [what, name, spec, warning] of warnings) {
    test(`${what}: ${warning === undefined ? 'nothing is said' : 'a warning'}`, async () => {
      assert.match(await create(name, spec), warning ?? /^relayproxy.* created/);
    });
  }
});
