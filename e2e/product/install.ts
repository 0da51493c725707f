import type { Cluster } from '../cluster/cluster.ts';
import { buildProducts, type Product, type ProductArchive } from '../images/products.ts';
import { progress } from '../machine/progress.ts';
import { chartFolder, helm } from './helm.ts';
import { freeInterruptedRelease } from './interrupted-release.ts';

/** Namespace of the operator. */
export const operatorNamespace = 'flagrelay-system';
/** Name of the operator's Helm release and Deployment. */
export const operatorName = 'flagrelay';

/** Where the images of the running product are. */
export interface InstalledProduct {
  /** Image of the relay, which is also the Node that client pods run on. */
  readonly relayImage: string;
}

/** The images of the checkout on the nodes. */
export interface LoadedProducts {
  readonly archives: readonly ProductArchive[];
  readonly tags: Readonly<Record<Product, string>>;
}

/** Builds the images and makes them known to the nodes; no work where that is done. */
export async function loadProducts(cluster: Cluster): Promise<LoadedProducts> {
  const archives = await buildProducts();
  const loaded = await cluster.loadImages(archives);
  if (loaded.length > 0) progress(`loaded ${loaded.join(', ')}`);
  const tagOf = (product: Product) => imageOf(archives, product).split(':').at(-1) ?? '';
  return { archives, tags: { operator: tagOf('operator'), relay: tagOf('relay') } };
}

/** Builds and loads the images, and installs (or upgrades) the operator with its chart; waits until it is available. */
export async function installProduct(cluster: Cluster): Promise<InstalledProduct> {
  const { archives, tags } = await loadProducts(cluster);
  await applyOperatorNamespace(cluster);
  await installChart(cluster, { release: operatorName, namespace: operatorNamespace, tags });
  progress('operator is available');
  return { relayImage: imageOf(archives, 'relay') };
}

function imageOf(archives: readonly ProductArchive[], product: Product): string {
  return archives.find((archive) => archive.product === product)?.image ?? '';
}

/** One install of the chart. */
export interface ChartInstall {
  readonly release: string;
  readonly namespace: string;
  /** Tags of the images. */
  readonly tags: Readonly<Record<Product, string>>;
  /** Folder of the chart; absent: the one of the checkout. */
  readonly chart?: string;
  /** Further arguments of Helm, such as `--set`. */
  readonly flags?: readonly string[];
}

/** Installs or upgrades a release of the chart and waits until its operator is available. Throws a CommandError when Helm fails. */
export async function installChart(cluster: Cluster, install: ChartInstall): Promise<void> {
  const { release, namespace, tags, chart = chartFolder, flags = [] } = install;
  await freeInterruptedRelease(await cluster.kubectl(), release, namespace);
  await helm(cluster.kubeconfig, [
    'upgrade',
    '--install',
    release,
    chart,
    '--namespace',
    namespace,
    // On a cluster where the CRD was applied by hand before, the release becomes its owner.
    '--take-ownership',
    '--force-conflicts',
    '--set-string',
    `image.tag=${tags.operator},relay.image.tag=${tags.relay}`,
    ...flags,
    '--wait',
    '--timeout',
    '180s',
  ]);
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
