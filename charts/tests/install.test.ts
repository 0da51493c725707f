import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ensureBinaries } from '@flagrelay/e2e/cluster/binaries';
import { run } from '@flagrelay/e2e/machine/run';
import { parseAllDocuments } from 'yaml';
import { chartFolder, clusterFromEnvironment, helm, type Rendered, renderText } from './programs.ts';

/** Installs of the chart on a real API server by Helm 3, Helm 4 and kubectl; whether pods run is not looked at here. */

const crd = 'relayproxies.flagrelay.dev';

describe('the chart is installed, upgraded and uninstalled', () => {
  const kubectl = clusterFromEnvironment();

  for (const major of ['3', '4']) {
    const namespace = `chart-helm-${major}`;

    test(`by Helm ${major}; the CRD stays`, async (t) => {
      const program = major === '3' ? (await ensureBinaries(['helm3'])).get('helm3') : undefined;
      const call = async (...args: string[]): Promise<string> =>
        program === undefined ? helm(...args) : (await run(program, args, { timeoutMs: 120_000 })).stdout;
      await kubectl.remove('namespace', namespace);
      t.after(async () => {
        await call('uninstall', 'chart', '-n', namespace, '--ignore-not-found');
        await kubectl.run(['delete', 'namespace', namespace, '--ignore-not-found', '--wait=false']);
      });
      const where = ['-n', namespace, '--take-ownership'];
      const everything = [
        'watchNamespaces={chart-helm-none}',
        'grafanaDashboards.enabled=true',
        'networkPolicy.enabled=true',
        'metrics.serviceMonitor.enabled=true,prometheusRule.enabled=true',
      ].flatMap((pair) => ['--set', pair]);
      await kubectl.run(['create', 'namespace', namespace]);
      // Nobody looks after anything yet: the namespace that is to be watched does not exist, and roles in it neither.
      await call('install', 'chart', chartFolder, ...where, '--set', 'rbac.create=false', ...everything);
      const notes = await call(
        'upgrade',
        'chart',
        chartFolder,
        ...where,
        '--set',
        'rbac.create=false,replicas=1',
        ...everything,
      );
      assert.match(notes, /replicas is 1/);
      assert.match(notes, /watchNamespaces names chart-helm-none, a namespace that does not exist/);
      assert.match(notes, /no ServiceMonitors/);
      const deployment = await kubectl.get('deployment', 'chart-flagrelay', namespace);
      assert.equal(deployment?.spec.replicas, 1);
      assert.ok(await kubectl.get('networkpolicy', 'chart-flagrelay', namespace));
      assert.ok(await kubectl.get('configmap', 'chart-flagrelay-dashboard-relay', namespace));
      await call('uninstall', 'chart', '-n', namespace);
      assert.equal(await kubectl.get('deployment', 'chart-flagrelay', namespace), undefined);
      assert.ok(await kubectl.get('crd', crd));
    });
  }
});

describe('the rendered chart', () => {
  const kubectl = clusterFromEnvironment();
  const namespace = 'chart-template';
  const release = 'chart-template';
  let text = '';

  before(async () => {
    await kubectl.remove('namespace', namespace);
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    await kubectl.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels } }]);
    text = await renderText(release, namespace, '--set', 'networkPolicy.enabled=true,grafanaDashboards.enabled=true');
  });

  after(async () => {
    // Not the CRD, which others use.
    const others = objects().filter(({ kind }) => kind !== 'CustomResourceDefinition');
    await kubectl.run(['delete', '-n', namespace, '--ignore-not-found', '--wait=false', '-f', '-'], {
      input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: others }),
    });
    await kubectl.run(['delete', 'namespace', namespace, '--ignore-not-found', '--wait=false']);
  });

  const objects = (): Rendered[] =>
    parseAllDocuments(text)
      .map((document) => document.toJS() as Rendered | null)
      .filter((object) => object !== null);

  test('is applied on the server’s side by kubectl, and a second time changes nothing', async () => {
    // A hook is a pod like any other to kubectl, and would run now.
    const input = JSON.stringify({
      apiVersion: 'v1',
      kind: 'List',
      items: objects().filter(({ metadata }) => metadata.annotations?.['helm.sh/hook'] === undefined),
    });
    const apply = () =>
      kubectl.run(
        ['apply', '--server-side', '--force-conflicts', '--field-manager=chart', '-n', namespace, '-f', '-'],
        {
          input,
        },
      );
    await apply();
    const version = async () =>
      (await kubectl.get('clusterrole', `${namespace}-${release}-flagrelay`))?.metadata.resourceVersion;
    const first = await version();
    assert.ok(first);
    await apply();
    assert.equal(await version(), first);
  });

  test('has pods that the Pod Security Standard "restricted" lets in', async () => {
    const deployment = objects().find(({ kind }) => kind === 'Deployment');
    const template = deployment?.spec.template;
    const hook = objects().find(({ kind }) => kind === 'Pod');
    assert.ok(hook);
    const operator = { apiVersion: 'v1', kind: 'Pod', ...template, metadata: { name: 'operator', namespace } };
    for (const pod of [operator, hook]) {
      const input = JSON.stringify(pod);
      await kubectl.run(['create', '--dry-run=server', '-n', namespace, '-f', '-'], { input });
    }
    const root = { ...operator, spec: { ...template.spec, securityContext: {} } };
    const refused = kubectl.run(['create', '--dry-run=server', '-n', namespace, '-f', '-'], {
      input: JSON.stringify(root),
    });
    await assert.rejects(refused, /violates PodSecurity/);
  });
});
