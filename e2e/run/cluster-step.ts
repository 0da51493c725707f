import { cluster } from '../cluster/select.ts';
import { helmProgram } from '../product/helm.ts';
import { installProduct, uninstallProduct } from '../product/install.ts';

/** Brings up the cluster, with or without the product on it; returns the environment that cluster suites run with. */
export async function prepareCluster(wanted: 'bare' | 'product'): Promise<NodeJS.ProcessEnv> {
  const target = await cluster();
  await target.up();
  const product: Record<string, string> = {};
  if (wanted === 'product') product.FLAGRELAY_RELAY_IMAGE = (await installProduct(target)).relayImage;
  else await uninstallProduct(target);
  const kubectl = await target.kubectl();
  return { KUBECONFIG: target.kubeconfig, KUBECTL: kubectl.program, HELM: await helmProgram(), ...product };
}
