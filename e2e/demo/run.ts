import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ClientPod, startClientPod } from '../clients/client-pod.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Kubectl } from '../cluster/kubectl.ts';
import { progress } from '../machine/progress.ts';
import { installProduct } from '../product/install.ts';
import { switchFlag } from './flags.ts';

/** Namespace of the demo. */
export const demoNamespace = 'flagrelay-demo';

/** What the demo saw. */
export interface DemoResult {
  readonly kubeconfig: string;
  readonly kubectlProgram: string;
  /** Seconds from `kubectl apply` of the two RelayProxies until both were Ready. */
  readonly readySeconds: number;
  /** Pods of both relays: name, node, zone. */
  readonly pods: readonly { readonly name: string; readonly node: string; readonly zone: string }[];
  /** What the SDK evaluated for `alice`. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly change: { readonly flag: string; readonly value: unknown; readonly seconds: number };
  /** `kubectl get relayproxies -o wide` */
  readonly table: string;
}

/** Applies the demo's manifests; returns the seconds until both RelayProxies are Ready. */
export async function applyDemo(kubectl: Kubectl, namespace: string): Promise<number> {
  await kubectl.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }]);
  await kubectl.apply(manifest('keys'), { namespace });
  await kubectl.apply(manifest('flags'), { namespace });
  const started = performance.now();
  await kubectl.apply(manifest('relayproxies'), { namespace });
  const wait = [
    'wait',
    '--for=condition=Ready',
    'relayproxy/upstream',
    'relayproxy/demo',
    '-n',
    namespace,
    '--timeout=180s',
  ];
  await kubectl.run(wait, { timeoutMs: 190_000 });
  const seconds = (performance.now() - started) / 1000;
  // Where an older image is being replaced, both are Ready all along; the rest is about the new pods.
  for (const name of ['upstream', 'demo']) await kubectl.rolloutStatus(`${name}-relay`, namespace);
  return seconds;
}

/** The whole line, from images to a live change in an SDK. Leaves everything running. */
export async function runDemo(cluster: Cluster): Promise<DemoResult> {
  const kubectl = await cluster.kubectl();
  const { relayImage } = await installProduct(cluster);
  const readySeconds = await applyDemo(kubectl, demoNamespace);
  progress(`both RelayProxies are Ready, ${readySeconds.toFixed(1)} s after kubectl apply`);
  const client = await startDemoClient(kubectl, demoNamespace, relayImage);
  const ready = await client.waitFor('ready', 'SDK is initialised', () => true, 60_000);
  const change = await changeFlag(kubectl, client, ready.flags['new-checkout'] !== true);
  const table = await kubectl.run(['get', 'relayproxies', '-n', demoNamespace, '-o', 'wide']);
  return {
    kubeconfig: cluster.kubeconfig,
    kubectlProgram: kubectl.program,
    readySeconds,
    pods: await podsByZone(kubectl, demoNamespace),
    flags: ready.flags,
    change,
    table,
  };
}

/** An application in the demo's namespace that streams from the relay `demo`. */
export function startDemoClient(
  kubectl: Kubectl,
  namespace: string,
  image: string,
  requestsPerSecond = 0,
): Promise<ClientPod> {
  return startClientPod(kubectl, {
    name: 'application',
    namespace,
    image,
    relayUrl: 'http://demo:8030',
    sdkKeyRef: { name: 'demo-keys', key: 'sdk-key' },
    requestsPerSecond,
  });
}

/** Switches `new-checkout` in the ConfigMap and waits, three minutes at most, until the SDK has the new value. */
async function changeFlag(kubectl: Kubectl, client: ClientPod, on: boolean): Promise<DemoResult['change']> {
  const flag = 'new-checkout';
  const edited = Date.now();
  await switchFlag(kubectl, { namespace: demoNamespace, configMap: 'demo-flags', file: 'flags.yaml' }, flag, on);
  progress(`switched ${flag} ${on ? 'on' : 'off'} in the ConfigMap`);
  const seen = await client.waitFor('change', `${flag} is ${on}`, (r) => r.key === flag && r.value === on, 180_000);
  return { flag, value: seen.value, seconds: (seen.at - edited) / 1000 };
}

/** The relay pods of a namespace with their zones. */
export async function podsByZone(kubectl: Kubectl, namespace: string): Promise<DemoResult['pods']> {
  const nodes = await kubectl.list('nodes');
  const zones = new Map(nodes.map((n) => [n.metadata.name, n.metadata.labels?.['topology.kubernetes.io/zone'] ?? '']));
  const pods = await kubectl.list('pods', namespace, 'app.kubernetes.io/component=relay');
  return pods
    .filter((pod) => pod.metadata.deletionTimestamp === undefined)
    .map((pod) => ({
      name: pod.metadata.name,
      node: String(pod.spec.nodeName),
      zone: zones.get(pod.spec.nodeName) ?? '',
    }))
    .sort((a, b) => a.zone.localeCompare(b.zone) || a.name.localeCompare(b.name));
}

function manifest(name: string): string {
  return readFileSync(join(import.meta.dirname, 'manifests', `${name}.yaml`), 'utf8');
}
