import { cluster } from '../cluster/select.ts';
import { helmProgram } from '../product/helm.ts';
import { installProduct } from '../product/install.ts';

/** Brings up the cluster with the product installed; returns the environment that cluster suites run with. */
export async function prepareCluster(): Promise<NodeJS.ProcessEnv> {
  const target = await cluster();
  await target.up();
  await installProduct(target);
  const kubectl = await target.kubectl();
  return { KUBECONFIG: target.kubeconfig, KUBECTL: kubectl.program, HELM: await helmProgram() };
}
