import { type Dirent, existsSync, readdirSync, readFileSync, readlinkSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { processesInCgroup } from './cgroups.ts';
import { ownerVariable, stopProcess } from './daemon.ts';
import type { Layout } from './layout.ts';
import { processesWithVariable } from './process-identity.ts';

/** Ends the processes of all pods, then everything else that the cluster's components started and left running. */
export async function endLeftProcesses(layout: Layout): Promise<void> {
  for (const { cgroup } of layout.nodes) {
    await Promise.all(processesInCgroup(cgroup).map((identity) => stopProcess(identity, 0)));
  }
  const left = processesWithVariable(ownerVariable, layout.stateFolder);
  await Promise.all(left.map((identity) => stopProcess(identity, 0)));
}

/**
 * Removes the few files that containerd and kubelet keep at fixed places of the machine, not in the state folder:
 * sockets of shims, links to container logs, cached results of the CNI plugins. Must run while the state folder is
 * there, as that is how they are distinguished from those of others.
 */
export function removeFixedFiles(layout: Layout): void {
  const cniResults = entriesOf('/var/lib/cni/results');
  for (const node of layout.nodes) {
    const tasks = join(node.runFolder, 'containerd', 'io.containerd.runtime.v2.task', 'k8s.io');
    for (const { name: id } of entriesOf(tasks)) {
      const address = join(tasks, id, 'address');
      if (existsSync(address)) rmSync(readFileSync(address, 'utf8').replace(/^unix:\/\//, ''), { force: true });
      for (const { name, parentPath } of cniResults) if (name.includes(id)) rmSync(join(parentPath, name));
    }
  }
  for (const entry of entriesOf('/var/log/containers')) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isSymbolicLink() && readlinkSync(path).startsWith(`${layout.stateFolder}/`)) rmSync(path);
  }
  for (const folder of ['/run/containerd/s', '/run/containerd']) {
    if (existsSync(folder) && entriesOf(folder).length === 0) rmdirSync(folder);
  }
}

function entriesOf(folder: string): Dirent[] {
  return existsSync(folder) ? readdirSync(folder, { withFileTypes: true }) : [];
}
