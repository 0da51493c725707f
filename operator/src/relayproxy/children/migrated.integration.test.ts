import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parseRelayProxy } from '@flagrelay/crds';
import { goldenFolder } from '@flagrelay/migrate/testing';
import { relayDocument as schema } from '@flagrelay/relay/config-document';
import { parseAllDocuments } from 'yaml';
import type { KubernetesObject, ResourceType } from '../../runtime/objects.ts';
import { openTestCluster, type TestCluster } from '../../runtime/testing/cluster.ts';
import { relayDocument } from '../resources/document.ts';
import { types } from '../resources/kubernetes-types.ts';
import { type OptionalKinds, optionalKinds } from '../testing/optional-kinds.ts';
import { applyCrd } from '../testing/test-operator.ts';
import { testFacts } from '../testing/test-relay-proxy.ts';
import { childKinds } from './children.ts';

const secrets: ResourceType = { group: '', version: 'v1', kind: 'Secret', plural: 'secrets', namespaced: true };

interface Manifest extends KubernetesObject {
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

let cluster: TestCluster;
let kinds: OptionalKinds;
before(async () => {
  cluster = await openTestCluster();
  await applyCrd(cluster.client);
  kinds = await optionalKinds(cluster.client);
  await kinds.install();
});
after(async () => {
  await kinds?.remove();
  await cluster?.close();
});

const files = readdirSync(goldenFolder);
test('there are migrated examples', () => assert.ok(files.length >= 7));

for (const file of files) {
  test(`${file}: the API server accepts what is made of it, and every child; the relay its configuration`, async () => {
    const { client, namespace } = cluster;
    const documents = parseAllDocuments(readFileSync(join(goldenFolder, file), 'utf8'));
    for (const manifest of documents.map((document) => document.toJS() as Manifest)) {
      // Server-side apply refuses fields that it does not know.
      const object = { ...manifest, metadata: { ...manifest.metadata, namespace } };
      const type = manifest.kind === 'Secret' ? secrets : types.relayProxy;
      await client.apply(type, object, { dryRun: true, force: true });
      if (manifest.kind === 'Secret') continue;
      const result = parseRelayProxy({ ...object, metadata: { ...object.metadata, uid: 'u' } });
      assert.ok(result.ok, JSON.stringify(result));
      assert.ok(schema.safeParse(relayDocument(result.value)).success);
      for (const { type: childType, build } of childKinds) {
        const child = build(result.value, testFacts);
        if (child !== undefined) await client.apply(childType, child, { dryRun: true, force: true });
      }
    }
  });
}
