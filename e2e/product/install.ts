import type { Cluster } from '../cluster/cluster.ts';
import { progress } from '../cluster/progress.ts';
import { buildProducts, type Product } from '../images/products.ts';
import { chartFolder, helm } from './helm.ts';

/** Namespace of the operator. */
export const operatorNamespace = 'flagrelay-system';
/** Name of the operator's Helm release and Deployment. */
export const operatorName = 'flagrelay';

/** Where the images of the running product are. */
export interface InstalledProduct {
  /** Image of the relay, which is also the Node that client pods run on. */
  readonly relayImage: string;
}

/** Builds the images, makes them known to the nodes, and installs (or upgrades) the operator with its chart; waits until it is available. */
export async function installProduct(cluster: Cluster): Promise<InstalledProduct> {
  const archives = await buildProducts();
  const loaded = await cluster.loadImages(archives);
  if (loaded.length > 0) progress(`loaded ${loaded.join(', ')}`);
  const imageOf = (product: Product) => archives.find((archive) => archive.product === product)?.image ?? '';
  await applyOperatorNamespace(cluster);
  const tagOf = (product: Product) => imageOf(product).split(':').at(-1) ?? '';
  await helm(cluster.kubeconfig, [
    'upgrade',
    '--install',
    operatorName,
    chartFolder,
    '--namespace',
    operatorNamespace,
    // On a cluster where the CRD was applied by hand before, the release becomes its owner.
    '--take-ownership',
    '--force-conflicts',
    '--set-string',
    `image.tag=${tagOf('operator')},relay.image.tag=${tagOf('relay')}`,
    '--wait',
    '--timeout',
    '180s',
  ]);
  progress('operator is available');
  return { relayImage: imageOf('relay') };
}

/** The operator's namespace admits only what Pod Security calls restricted, so that an install proves that the chart is. */
async function applyOperatorNamespace(cluster: Cluster): Promise<void> {
  const kubectl = await cluster.kubectl();
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  await kubectl.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: operatorNamespace, labels } }], {
    serverSide: true,
  });
}

/** Takes the operator away, where it is installed; the CRD and its objects stay. */
export async function uninstallProduct(cluster: Cluster): Promise<void> {
  await helm(cluster.kubeconfig, [
    'uninstall',
    operatorName,
    '--namespace',
    operatorNamespace,
    '--ignore-not-found',
    '--wait',
  ]);
}
