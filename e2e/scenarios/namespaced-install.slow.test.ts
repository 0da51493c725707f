import assert from 'node:assert/strict';
import { test } from 'node:test';
import { helm } from '../product/helm.ts';
import { installChart, installProduct, loadProducts, uninstallProduct } from '../product/install.ts';
import { observed } from './support/observed.ts';
import { getThroughApiServer } from './support/relay-http.ts';
import { applySmallFleets } from './support/small-fleet.ts';
import { openStage, type Stage, waitReady } from './support/stage.ts';

const release = 'scoped';

test('two installs for a namespace each work without any ClusterRole, and neither sees the other, nor a third', {
  timeout: 600_000,
}, async (t) => {
  const [first, second, third] = [
    await openStage('scoped-a'),
    await openStage('scoped-b'),
    await openStage('scoped-c'),
  ];
  const { cluster, kubectl } = first;
  t.after(async () => {
    for (const { namespace } of [first, second]) {
      await helm(cluster.kubeconfig, ['uninstall', release, '-n', namespace, '--ignore-not-found', '--wait']);
    }
    await installProduct(cluster);
    for (const stage of [first, second, third]) await stage.close();
  });
  const { tags } = await loadProducts(cluster);
  await uninstallProduct(cluster);
  for (const { namespace } of [first, second]) {
    const flags = ['--set', `watchNamespaces={${namespace}},replicas=1`];
    await installChart(cluster, { release, namespace, tags, flags });
  }
  for (const kind of ['clusterroles', 'clusterrolebindings']) {
    const ours = await kubectl.list(kind, undefined, `app.kubernetes.io/instance=${release}`);
    assert.deepEqual(ours, [], `there is no ${kind}`);
  }

  const started = performance.now();
  for (const { namespace } of [first, second, third]) await applySmallFleets(first, namespace, ['demo']);
  await Promise.all([waitReady(first, 'demo'), waitReady(second, 'demo')]);
  observed('namespaced-install', { readySeconds: (performance.now() - started) / 1000 });

  for (const stage of [first, second]) {
    const others = [first, second, third].filter((other) => other !== stage).map(({ namespace }) => namespace);
    const text = await operatorMetrics(stage);
    assert.match(text, new RegExp(`flagrelay_relayproxy_info\\{namespace="${stage.namespace}"`));
    for (const other of others) {
      assert.ok(!text.includes(`namespace="${other}"`), `the operator of ${stage.namespace} does not know ${other}`);
      assert.equal(await mayList(stage, 'flagrelay.dev', 'relayproxies', other), false);
    }
    assert.equal(await mayList(stage, 'flagrelay.dev', 'relayproxies', stage.namespace), true);
    assert.equal(await mayList(stage, '', 'secrets', stage.namespace), false);
    assert.equal(await mayList(stage, '', 'nodes'), false);
  }
  const untouched = await kubectl.get('relayproxy', 'demo', third.namespace);
  assert.equal(untouched?.status, undefined, 'nobody looks after the third');
});

/** The metrics of the one operator of a namespace. */
async function operatorMetrics({ kubectl, namespace }: Stage): Promise<string> {
  const [pod] = await kubectl.list('pods', namespace, 'app.kubernetes.io/name=flagrelay-operator');
  return getThroughApiServer(kubectl, namespace, pod?.metadata.name ?? '', 8080, '/metrics');
}

/** Whether the operator of a namespace may list a kind in a namespace, or cluster-wide. */
async function mayList({ kubectl, namespace }: Stage, group: string, kind: string, where?: string): Promise<boolean> {
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: {
      user: `system:serviceaccount:${namespace}:${release}-flagrelay`,
      resourceAttributes: { group, resource: kind, verb: 'list', ...(where === undefined ? {} : { namespace: where }) },
    },
  };
  const answer = await kubectl.run(['create', '-f', '-', '-o', 'json'], { input: JSON.stringify(review) });
  return JSON.parse(answer).status.allowed === true;
}
