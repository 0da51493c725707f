import { delimiter } from 'node:path';
import { foreignCrds } from '../cluster/foreign-crds.ts';
import { cluster } from '../cluster/select.ts';
import { helmProgram } from '../product/helm.ts';
import { installProduct, uninstallProduct } from '../product/install.ts';

/** Brings up the cluster, with or without the product on it; returns the environment that cluster suites run with. */
export async function prepareCluster(wanted: 'bare' | 'product'): Promise<NodeJS.ProcessEnv> {
  const target = await cluster();
  await target.up();
  const more: Record<string, string> = {};
  if (wanted === 'product') more.FLAGRELAY_RELAY_IMAGE = (await installProduct(target)).relayImage;
  else {
    await uninstallProduct(target);
    more.FOREIGN_CRDS = (await foreignCrds()).join(delimiter);
  }
  const kubectl = await target.kubectl();
  return { KUBECONFIG: target.kubeconfig, KUBECTL: kubectl.program, HELM: await helmProgram(), ...more };
}
