import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { PooledKubeConfig } from './kube-config.ts';
import type { KubernetesObject, ResourceType } from './objects.ts';
import { openTestCluster, type TestCluster, testClient } from './testing/cluster.ts';

interface Review extends KubernetesObject {
  status?: { userInfo?: { username?: string; groups?: string[] } };
}
const reviews: ResourceType<Review> = {
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'SelfSubjectReview',
  plural: 'selfsubjectreviews',
  namespaced: false,
};
const accounts = { group: '', version: 'v1', kind: 'ServiceAccount', plural: 'serviceaccounts', namespaced: true };

let cluster: TestCluster;
before(async () => {
  cluster = await openTestCluster();
});
after(() => cluster?.close());

/** Who the API server takes the user of a kubeconfig for. */
async function whoAmI(config: PooledKubeConfig): Promise<string | undefined> {
  return (await testClient(config).create(reviews, {})).status?.userInfo?.username;
}

/** A kubeconfig for the cluster with another user; closed after the test. */
function configFor(t: TestContext, user: object): PooledKubeConfig {
  const config = new PooledKubeConfig();
  config.loadFromClusterAndUser(cluster.kubeConfig.getCurrentCluster()!, { name: 'same-name', ...user });
  t.after(() => config.close());
  return config;
}

interface TokenRequest extends KubernetesObject {
  status?: { token?: string };
}

/** A fresh token of a new service account. */
async function tokenOf(name: string): Promise<string> {
  const { client, namespace } = cluster;
  await client.create(accounts, { metadata: { name, namespace } });
  const request: TokenRequest = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    metadata: { name, namespace },
  };
  const answer = await client.create<TokenRequest>(accounts, request, { subresource: 'token' });
  assert.ok(answer.status?.token);
  return answer.status.token;
}

async function tokenFile(t: TestContext, token: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'token-'));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'token');
  await writeFile(path, token);
  return path;
}

const byFile = (tokenFile: string) => ({ authProvider: { name: 'tokenFile', config: { tokenFile } } });

describe('credentials', () => {
  it('of two kubeconfigs with the same user name do not mix (#592)', async (t) => {
    const configs: PooledKubeConfig[] = [];
    for (const name of ['first', 'second']) configs.push(configFor(t, byFile(await tokenFile(t, await tokenOf(name)))));
    for (let turn = 0; turn < 2; turn += 1) {
      const names = await Promise.all(configs.map(whoAmI));
      assert.deepEqual(
        names,
        ['first', 'second'].map((name) => `system:serviceaccount:${cluster.namespace}:${name}`),
      );
    }
  });

  it('are read again after the server refused the old ones', async (t) => {
    const good = await tokenOf('rotated');
    const path = await tokenFile(t, 'expired');
    const config = configFor(t, byFile(path));
    await assert.rejects(whoAmI(config), { code: 401 });
    await writeFile(path, good);
    assert.match((await whoAmI(config)) ?? '', /:rotated$/);
    await writeFile(path, 'spoilt'); // what is cached still works: the file is not read for each call
    assert.match((await whoAmI(config)) ?? '', /:rotated$/);
  });

  it('are impersonated with one header of one value (#2474)', async (t) => {
    const user = cluster.kubeConfig.getCurrentUser()!;
    const config = configFor(t, { ...user, name: 'same-name', impersonateUser: 'jane, the second' });
    assert.equal(await whoAmI(config), 'jane, the second');
  });
});
