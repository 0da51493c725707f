import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { CommandError, run } from '../../machine/run.ts';
import { auditPolicy, configFiles, corefile, kubeconfig, kubeProxyConfig } from './cluster-config.ts';
import type { Layout } from './layout.ts';
import { bridgeCallsIptables } from './network.ts';
import { cniConfig, containerdConfig, kubeletConfig, type NodeFacts, nodeFiles } from './node-config.ts';

const componentUsers = ['controller-manager', 'scheduler', 'proxy', 'coredns'];

/** Writes every configuration file of the cluster; the certificates that they name must be there. */
export function writeConfiguration(layout: Layout, facts: NodeFacts): void {
  const files = configFiles(layout);
  write(layout.kubeconfig, kubeconfig(layout, 'admin'));
  for (const user of [...componentUsers, ...layout.nodes.map(({ name }) => name)]) {
    write(files.kubeconfig(user), kubeconfig(layout, user));
  }
  write(files.auditPolicy, auditPolicy);
  write(files.kubeProxy, kubeProxyConfig(layout, bridgeCallsIptables()));
  write(files.corefile, corefile(layout));
  write(files.resolvConf, '# in-cluster names only\n');
  for (const node of layout.nodes) {
    const { kubelet, containerd, cni } = nodeFiles(node);
    write(kubelet, kubeletConfig(layout, node));
    write(containerd, containerdConfig(node, facts));
    write(cni, cniConfig(layout, node));
    mkdirSync(node.runFolder, { recursive: true });
  }
}

/** Which snapshotter the state folder's file system carries: overlays do not stack everywhere. */
export async function usableSnapshotter(layout: Layout): Promise<NodeFacts['snapshotter']> {
  const folder = `${layout.stateFolder}/overlay-probe`;
  const [lower, upper, work, merged] = ['lower', 'upper', 'work', 'merged'].map((name) => `${folder}/${name}`);
  for (const path of [lower, upper, work, merged]) mkdirSync(path!, { recursive: true });
  const options = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
  try {
    await run('mount', ['-t', 'overlay', 'overlay', '-o', options, merged!], { timeoutMs: 10_000 });
    await run('umount', [merged!], { timeoutMs: 10_000 });
    return 'overlayfs';
  } catch (error) {
    if (error instanceof CommandError) return 'native';
    throw error;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function write(path: string, content: object | string): void {
  mkdirSync(dirname(path), { recursive: true });
  const text = typeof content === 'string' ? content : `${JSON.stringify(content, null, 2)}\n`;
  writeFileSync(path, text, { mode: 0o600 });
}
