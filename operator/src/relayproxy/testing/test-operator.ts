import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { type Feature, features, leaderElectionPermissions, permissions } from '../../permissions.ts';
import { PooledKubeConfig } from '../../runtime/kube-config.ts';
import type { KubernetesObject, ResourceType } from '../../runtime/objects.ts';
import type { RestClient } from '../../runtime/rest-types.ts';
import { types } from '../resources/kubernetes-types.ts';

/** The CustomResourceDefinition kind. */
export const crds: ResourceType = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  namespaced: false,
};

const MAIN = join(import.meta.dirname, '../../main.ts');

/** Applies the CRD of this checkout. */
export async function applyCrd(client: RestClient): Promise<void> {
  const text = readFileSync(new URL(import.meta.resolve('@flagrelay/crds/relayproxies.yaml')), 'utf8');
  await client.apply(crds, parse(text) as KubernetesObject, { force: true, fieldManager: 'test-crds' });
}

/** Waiting for what the operator does gives up after this long, in ms. */
const UNTIL_MS = 60_000;

/** An operator that runs from source as a process of its own. */
export interface TestOperator {
  /** Sum of a metric over the series whose labels contain `labels`; 0 when there is none. */
  metric(name: string, labels?: string): Promise<number>;
  /** HTTP status of its `/readyz`. */
  readyz(): Promise<number>;
  /** Sends SIGTERM and answers the exit code. */
  stop(): Promise<number | null>;
  /** Everything that it wrote so far. */
  output(): string;
  /**
   * Waits until `read` answers something; reads again each 100 ms. A failing read is tried again until the end.
   * @throws Error after a minute, with what the operator wrote last
   */
  until<T>(what: string, read: () => Promise<T | undefined | false>): Promise<T>;
}

/**
 * Starts an operator that watches one namespace as a user that has the permissions of the chart's Role and no other:
 * what it does in tests, it may do in clusters. It may do nothing about kinds that are disabled.
 * @param options `home`: namespace of its Lease, where that is another one; `disabled`: kinds that are switched off
 */
export async function startOperator(
  client: RestClient,
  namespace: string,
  { home = namespace, disabled = [] }: { readonly home?: string; readonly disabled?: readonly Feature[] } = {},
): Promise<TestOperator> {
  for (const one of new Set([namespace, home])) await grant(client, one, userOf(namespace), disabled);
  const folder = mkdtempSync(join(tmpdir(), 'flagrelay-operator-'));
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, JSON.stringify(kubeconfigAs(userOf(namespace))));
  const [metricsPort, probePort] = [await freePort(), await freePort()];
  const child = spawn(process.execPath, [MAIN], {
    env: {
      PATH: process.env.PATH,
      KUBECONFIG: kubeconfig,
      POD_NAMESPACE: home,
      WATCH_NAMESPACES: namespace,
      METRICS_PORT: String(metricsPort),
      PROBE_PORT: String(probePort),
      DISABLED_FEATURES: disabled.join(','),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += chunk));
  return {
    output: () => text,
    until: async (what, read) => {
      const end = performance.now() + UNTIL_MS;
      let last: unknown;
      while (performance.now() < end) {
        try {
          const value = await read();
          if (value !== undefined && value !== false) return value;
          last = value;
        } catch (error) {
          last = error;
        }
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      throw new Error(`not within ${UNTIL_MS} ms: ${what}\n${text.slice(-4000)}`, { cause: last });
    },
    metric: (name, labels = '') => readMetric(`http://127.0.0.1:${metricsPort}/metrics`, name, labels),
    readyz: async () => (await fetch(`http://127.0.0.1:${probePort}/readyz`)).status,
    stop: async () => {
      const code = await stopped(child);
      rmSync(folder, { recursive: true });
      return code;
    },
  };
}

async function stopped(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null) return child.exitCode;
  const exit = once(child, 'exit', { signal: AbortSignal.timeout(40_000) });
  child.kill('SIGTERM');
  const [code] = (await exit) as [number | null];
  return code;
}

async function readMetric(url: string, name: string, labels: string): Promise<number> {
  const text = await (await fetch(url)).text();
  return text
    .split('\n')
    .filter((line) => /^[{ ]/.test(line.slice(name.length)) && line.startsWith(name) && line.includes(labels))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

/** No service account: where the chart is installed, its admission policy takes those of the namespace for relays. */
const userOf = (namespace: string): string => `flagrelay-test-operator-${namespace}`;

/** A Role and its binding with the operator's own permissions. */
async function grant(client: RestClient, namespace: string, user: string, disabled: readonly Feature[]): Promise<void> {
  const apiGroup = 'rbac.authorization.k8s.io';
  const metadata = { name: 'operator', namespace };
  const off = new Set<object>(disabled.map((feature) => features[feature]));
  const rules = [...permissions.filter((rule) => !off.has(rule)), ...leaderElectionPermissions];
  const subjects = [{ kind: 'User', apiGroup, name: user }];
  const roleRef = { apiGroup, kind: 'Role', name: 'operator' };
  const apply = (type: ResourceType, object: KubernetesObject) => client.apply(type, object, { force: true });
  await apply(types.role, { metadata, rules } as KubernetesObject);
  await apply(types.roleBinding, { metadata, subjects, roleRef } as KubernetesObject);
}

/** The kubeconfig in use, with the user impersonated. */
function kubeconfigAs(user: string): object {
  const config = PooledKubeConfig.fromDefault();
  const exported = JSON.parse(config.exportConfig()) as { users: { user: object }[] };
  return { ...exported, users: exported.users.map((entry) => ({ ...entry, user: { ...entry.user, as: user } })) };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}
