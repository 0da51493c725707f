import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parseRelayProxy } from '@flagrelay/crds';
import { samplesFolder } from '@flagrelay/crds/files';
import { relayDocument as schema } from '@flagrelay/relay/config-document';
import { parseAllDocuments } from 'yaml';
import type { KubernetesObject } from '../../runtime/objects.ts';
import { namespaces, openTestCluster, type TestCluster } from '../../runtime/testing/cluster.ts';
import { buildDeployment } from '../resources/deployment.ts';
import { relayDocument } from '../resources/document.ts';
import { types } from '../resources/kubernetes-types.ts';
import { fieldManager } from '../resources/names.ts';
import { type OptionalKinds, optionalKinds } from '../testing/optional-kinds.ts';
import { testFacts } from '../testing/test-relay-proxy.ts';
import { childKinds } from './children.ts';
import { differencesOf } from './differences.ts';

let cluster: TestCluster;
let kinds: OptionalKinds;
before(async () => {
  cluster = await openTestCluster();
  kinds = await optionalKinds(cluster.client);
  await kinds.install();
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  await cluster.client.patch(
    namespaces,
    { name: cluster.namespace },
    { type: 'merge', body: { metadata: { labels } } },
  );
});
after(async () => {
  await kinds?.remove();
  await cluster?.close();
});

const manifests = readdirSync(samplesFolder)
  .filter((file) => file.endsWith('.yaml'))
  .flatMap((file) =>
    parseAllDocuments(readFileSync(join(samplesFolder, file), 'utf8'))
      .map((document) => document.toJS() as { kind?: string; metadata: object })
      .filter(({ kind }) => kind === 'RelayProxy')
      .map((manifest) => ({ file, manifest })),
  );

test('there are samples', () => assert.ok(manifests.length > 10));

for (const { file, manifest } of manifests) {
  test(`${file}: the API server accepts every child and, where restricted pods are enforced, the pods; the relay its configuration`, async () => {
    const { namespace } = cluster;
    const result = parseRelayProxy({ ...manifest, metadata: { ...manifest.metadata, namespace, uid: 'u' } });
    assert.ok(result.ok, JSON.stringify(result));
    assert.ok(schema.safeParse(relayDocument(result.value)).success);
    for (const { type, build } of childKinds) {
      const child = build(result.value, testFacts);
      if (child === undefined) continue;
      // Server-side apply refuses fields that it does not know.
      const options = { dryRun: true, force: true, fieldManager };
      const stored = await cluster.client.apply<KubernetesObject>(type, child, options);
      assert.deepEqual(differencesOf(child, stored), [], `${type.kind}: what is stored is what was applied`);
    }
    const { template } = buildDeployment(result.value, testFacts).spec!;
    // Classes are the cluster's, and the account would have to be there.
    const { runtimeClassName: _runtime, priorityClassName: _priority, ...spec } = template.spec!;
    const pod = { metadata: { name: 'pod', namespace }, spec: { ...spec, serviceAccountName: 'default' } };
    await cluster.client.create(types.pod, pod, { dryRun: true });
  });
}
