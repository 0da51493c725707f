import { existsSync, readFileSync } from 'node:fs';
import { run } from '../../machine/run.ts';
import type { Layout } from './layout.ts';

const ip = (...args: string[]) => run('ip', args, { timeoutMs: 10_000 });

/** Makes the bridge with the machine's and every node's address, before a kubelet looks for its own. */
export async function ensureBridge(layout: Layout): Promise<void> {
  if (!bridgeExists(layout)) await ip('link', 'add', layout.bridge, 'type', 'bridge');
  for (const address of [layout.hostAddress, ...layout.nodes.map((node) => node.address)]) {
    await ip('address', 'replace', `${address}/${layout.podPrefixLength}`, 'dev', layout.bridge);
  }
  await ip('link', 'set', layout.bridge, 'up');
}

/** Removes the bridge; pods' ends of it have gone with their network namespaces. */
export async function removeBridge(layout: Layout): Promise<void> {
  if (bridgeExists(layout)) await ip('link', 'delete', layout.bridge);
}

/** Whether the bridge is there. */
export function bridgeExists(layout: Layout): boolean {
  // Not /sys/class/net: that shows the network namespace in which it was mounted, /proc that of the reader.
  return new RegExp(`^ *${layout.bridge}:`, 'm').test(readFileSync('/proc/net/dev', 'utf8'));
}

/** Whether packets between two ports of one bridge pass iptables (the kernel's br_netfilter). */
export function bridgeCallsIptables(): boolean {
  return existsSync('/proc/sys/net/bridge/bridge-nf-call-iptables');
}
