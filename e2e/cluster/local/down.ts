import { existsSync, readFileSync, rmSync } from 'node:fs';
import { progress } from '../../machine/progress.ts';
import { CommandError, run } from '../../machine/run.ts';
import { cgroupExists, removeCgroup } from './cgroups.ts';
import { containerdName, kubeletName } from './components.ts';
import { endLeftProcesses, removeFixedFiles } from './containers.ts';
import { ownerVariable, recordedComponents, stopComponent } from './daemon.ts';
import { kubernetesRulesExist, removeKubernetesRules } from './iptables.ts';
import type { Layout } from './layout.ts';
import { restoreMachine } from './machine-before.ts';
import { mountPointsBelow, unmountBelow } from './mounts.ts';
import { bridgeExists, removeBridge } from './network.ts';
import { processesWithVariable } from './process-identity.ts';

/** What of the cluster is on this machine, running or left behind; empty when there is nothing. */
export function tracesOf(layout: Layout): string[] {
  const mountinfo = readFileSync('/proc/self/mountinfo', 'utf8');
  const folders = [layout.stateFolder, layout.runFolder];
  return [
    ...folders.filter((folder) => existsSync(folder)),
    ...folders.flatMap((folder) => mountPointsBelow(mountinfo, folder)).map((point) => `mount ${point}`),
    ...(bridgeExists(layout) ? [`network device ${layout.bridge}`] : []),
    ...layout.nodes.filter(({ cgroup }) => cgroupExists(cgroup)).map(({ cgroup }) => `cgroup ${cgroup}`),
    ...processesWithVariable(ownerVariable, layout.stateFolder).map(({ pid }) => `process ${pid}`),
  ];
}

/**
 * Ends every process of the cluster and removes all it made on the machine: network devices, packet-filter rules,
 * mounts, cgroups, changed kernel settings, files. Works on a half-started cluster, on one that crashed and on what a
 * restart of the machine left of one; with nothing there it does nothing.
 *
 * @throws Error when something is left all the same; the message names it
 */
export async function takeDown(layout: Layout): Promise<void> {
  if (tracesOf(layout).length === 0) return;
  progress('ending the cluster');
  const stop = (names: readonly string[]) => Promise.all(names.map((name) => stopComponent(layout, name)));
  // Kubelets first, or they would start again what ends.
  await stop(layout.nodes.map(({ name }) => kubeletName(name)));
  const containerds = layout.nodes.map(({ name }) => containerdName(name));
  await stop(recordedComponents(layout).filter((name) => !containerds.includes(name)));
  await stop(containerds);
  await endLeftProcesses(layout);

  await unmountBelow([layout.stateFolder, layout.runFolder]);
  removeFixedFiles(layout);
  await removeBridge(layout);
  await removeKubernetesRules();
  await forgetConnections(layout);
  for (const { cgroup } of layout.nodes) await removeCgroup(cgroup);
  restoreMachine(layout.stateFolder);
  removeFolder(layout.runFolder);
  removeFolder(layout.stateFolder);
  const left = [...tracesOf(layout), ...((await kubernetesRulesExist()) ? ['packet-filter chains KUBE-*'] : [])];
  if (left.length > 0) throw new Error(`left behind: ${left.join(', ')}`);
}

/** Drops the tracked connections to cluster addresses, so that a new cluster starts without them. */
async function forgetConnections(layout: Layout): Promise<void> {
  for (const direction of ['--orig-src', '--orig-dst']) {
    for (const range of [layout.podCidr, layout.serviceCidr]) {
      try {
        await run('conntrack', ['--delete', direction, range], { timeoutMs: 10_000 });
      } catch (error) {
        // It fails when there is nothing to drop, and on a machine that tracks nothing.
        if (!(error instanceof CommandError)) throw error;
      }
    }
  }
}

function removeFolder(folder: string): void {
  const mounted = mountPointsBelow(readFileSync('/proc/self/mountinfo', 'utf8'), folder);
  // Never through a mount: that would delete what is mounted.
  if (mounted.length > 0) throw new Error(`${folder} is not removed: still mounted: ${mounted.join(', ')}`);
  rmSync(folder, { recursive: true, force: true });
}
