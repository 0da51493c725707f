import type { Cluster } from '../../cluster/cluster.ts';
import type { Kubectl, KubeObject } from '../../cluster/kubectl.ts';
import { cluster } from '../../cluster/select.ts';
import { installProduct } from '../../product/install.ts';

/** What a scenario plays on: a cluster with the operator, and a namespace of its own. */
export interface Stage {
  readonly cluster: Cluster;
  readonly kubectl: Kubectl;
  readonly namespace: string;
  readonly relayImage: string;
  /** Removes the namespace, without waiting for its end. */
  close(): Promise<void>;
}

/**
 * Brings the cluster up with the product on it (both no work where it is so already) and makes a fresh namespace. Its owner
 * closes it.
 */
export async function openStage(name: string): Promise<Stage> {
  const target = await cluster();
  await target.up();
  // The test plan has installed the product already and says so.
  const relayImage = process.env.FLAGRELAY_RELAY_IMAGE ?? (await installProduct(target)).relayImage;
  const kubectl = await target.kubectl();
  const namespace = `e2e-${name}`;
  await kubectl.remove('namespace', namespace, undefined, 180_000);
  await kubectl.apply([
    {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespace, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
    },
  ]);
  const close = async () => {
    await kubectl.run(['delete', 'namespace', namespace, '--ignore-not-found', '--wait=false']);
  };
  return { cluster: target, kubectl, namespace, relayImage, close };
}

/** The status of a condition of a RelayProxy, with its reason: `True/AllHealthy`. */
export function condition(object: KubeObject, type: string): string {
  const found = (object.status?.conditions ?? []).find((c: { type: string }) => c.type === type);
  return found === undefined ? 'absent' : `${found.status}/${found.reason}`;
}

/** Waits until a RelayProxy is Ready for its current generation. */
export function waitReady(stage: Stage, name: string, timeoutMs = 180_000): Promise<KubeObject> {
  return stage.kubectl.waitForObject(
    'relayproxy',
    name,
    stage.namespace,
    'Ready',
    (o) => o.status?.observedGeneration === o.metadata.generation && condition(o, 'Ready').startsWith('True'),
    timeoutMs,
  );
}
