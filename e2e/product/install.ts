import type { Cluster } from '../cluster/cluster.ts';
import { progress } from '../cluster/progress.ts';
import { buildProducts, productImage } from '../images/products.ts';
import { chartFolder, helm } from './helm.ts';

/** Namespace of the operator. */
export const operatorNamespace = 'flagrelay-system';
/** Name of the operator's Helm release and Deployment. */
export const operatorName = 'flagrelay';

/** Builds the images, makes them known to the nodes, and installs (or upgrades) the operator with its chart; waits until it is available. */
export async function installProduct(cluster: Cluster): Promise<void> {
  const archives = await buildProducts();
  const loaded = await cluster.loadImages(archives);
  if (loaded.length > 0) progress(`loaded ${loaded.join(', ')}`);
  const digests = Object.fromEntries(archives.map((a) => [a.image, a.digest]));
  await helm(cluster.kubeconfig, [
    'upgrade',
    '--install',
    operatorName,
    chartFolder,
    '--namespace',
    operatorNamespace,
    '--create-namespace',
    // On a cluster where the CRD was applied by hand before, the release becomes its owner.
    '--take-ownership',
    // A rebuilt image keeps its tag; the digest makes the pods new.
    '--set-string',
    `podAnnotations.flagrelay\\.dev/image-digest=${digests[productImage('operator')] ?? ''}`,
    '--wait',
    '--timeout',
    '180s',
  ]);
  progress('operator is available');
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
