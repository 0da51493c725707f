import { randomBytes } from 'node:crypto';
import { PooledKubeConfig } from '../kube-config.ts';
import type { KubernetesObject, ResourceType } from '../objects.ts';
import { createRestClient } from '../rest.ts';
import type { RestClient } from '../rest-types.ts';
import { type ConfigMap, configMaps, recordingLogger, testMetrics } from './fixtures.ts';

/** The Namespace kind. */
export const namespaces: ResourceType<KubernetesObject> = {
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  namespaced: false,
};

/** A namespace of one test file on a real cluster. */
export interface TestCluster {
  readonly kubeConfig: PooledKubeConfig;
  readonly client: RestClient;
  readonly namespace: string;
  /** Writes a ConfigMap into the namespace. */
  write(name: string, data?: Record<string, string>): Promise<ConfigMap>;
  /** Deletes the namespace and closes the connections. */
  close(): Promise<void>;
}

/** A client for tests; its kubeconfig stays the caller's. */
export function testClient(kubeConfig: PooledKubeConfig, deadlineMs = 30_000): RestClient {
  return createRestClient({
    kubeConfig,
    fieldManager: 'runtime-test',
    deadlineMs,
    logger: recordingLogger(),
    metrics: testMetrics(),
  });
}

/** Makes a namespace on the cluster of KUBECONFIG. Throws when there is no KUBECONFIG: these tests are never skipped. */
export async function openTestCluster(): Promise<TestCluster> {
  if (!process.env.KUBECONFIG) {
    throw new Error('KUBECONFIG must name the kubeconfig of a test cluster: integration tests need a real API server');
  }
  const kubeConfig = PooledKubeConfig.fromDefault();
  const client = testClient(kubeConfig);
  const namespace = `runtime-${randomBytes(4).toString('hex')}`;
  await client.create(namespaces, { metadata: { name: namespace } });
  return {
    kubeConfig,
    client,
    namespace,
    write: (name, data = {}) => client.apply(configMaps, { metadata: { name, namespace }, data }, { force: true }),
    async close() {
      await client.delete(namespaces, { name: namespace });
      await kubeConfig.close();
    },
  };
}

/** Waits until the condition holds, looking again each 20 ms; throws after `timeoutMs`. */
export async function eventually(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 60_000,
): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
