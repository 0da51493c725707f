import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from '../../machine/wait-for.ts';
import { identify, type ProcessIdentity } from './process-identity.ts';

/** The machine's cgroup hierarchies: those of v1, one for each controller, or the one of v2. */
export interface CgroupHierarchies {
  readonly version: 1 | 2;
  readonly roots: readonly string[];
}

/**
 * Tells v1 (also the hybrid with a v2 tree beside it, which carries no controllers) from v2.
 *
 * @param mounts content of `/proc/mounts`
 */
export function cgroupHierarchies(mounts: string): CgroupHierarchies {
  const pointsOf = (type: string) =>
    mounts
      .split('\n')
      .map((line) => line.split(' '))
      .filter((fields) => fields[2] === type)
      .map((fields) => fields[1]!);
  const v1 = pointsOf('cgroup');
  return v1.length > 0 ? { version: 1, roots: v1 } : { version: 2, roots: pointsOf('cgroup2') };
}

/** Makes a node's cgroup in every hierarchy, for the kubelet to put its pods below. */
export function ensureCgroup(name: string): void {
  const { version, roots } = thisMachine();
  if (version === 2) for (const root of roots) delegateControllers(root);
  for (const root of roots) {
    const folder = join(root, name);
    mkdirSync(folder, { recursive: true });
    // A new cpuset of v1 is empty, and nothing can run in it.
    for (const file of ['cpuset.cpus', 'cpuset.mems']) {
      const inherited = join(root, file);
      if (version === 1 && existsSync(inherited)) writeFileSync(join(folder, file), readFileSync(inherited));
    }
  }
}

/** Every process in a node's cgroup or below: the processes of its pods. */
export function processesInCgroup(name: string): ProcessIdentity[] {
  const pids = cgroupFolders(name).flatMap((folder) =>
    readFileSync(join(folder, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number),
  );
  return [...new Set(pids)].flatMap((pid) => identify(pid) ?? []);
}

/** Removes a node's cgroup and all below it, once their processes have ended. */
export async function removeCgroup(name: string): Promise<void> {
  await waitFor(
    `removal of the cgroup ${name}`,
    () => {
      for (const folder of cgroupFolders(name)) rmdirSync(folder);
      return true;
    },
    { timeoutMs: 10_000, intervalMs: 100 },
  );
}

/** Whether a node's cgroup is there in any hierarchy. */
export function cgroupExists(name: string): boolean {
  return cgroupFolders(name).length > 0;
}

/** A node's cgroup folders of all hierarchies, innermost first; also those in the v2 tree of a hybrid machine. */
function cgroupFolders(name: string): string[] {
  const mounts = readFileSync('/proc/mounts', 'utf8');
  const roots = mounts
    .split('\n')
    .map((line) => line.split(' '))
    .filter((fields) => fields[2] === 'cgroup' || fields[2] === 'cgroup2')
    .map((fields) => join(fields[1]!, name));
  return roots.filter((root) => existsSync(root)).flatMap((root) => [...foldersBelow(root), root]);
}

function foldersBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap((entry) => [...foldersBelow(join(folder, entry.name)), join(folder, entry.name)]);
}

function thisMachine(): CgroupHierarchies {
  return cgroupHierarchies(readFileSync('/proc/mounts', 'utf8'));
}

/** v2: hands the root's controllers down to its children. */
function delegateControllers(root: string): void {
  const controllers = readFileSync(join(root, 'cgroup.controllers'), 'utf8').trim().split(' ');
  try {
    writeFileSync(join(root, 'cgroup.subtree_control'), controllers.map((name) => `+${name}`).join(' '));
  } catch (cause) {
    const hint =
      'a container needs its processes in a child cgroup for that; run on the machine itself, or give a kubeconfig';
    throw new Error(`cannot hand the cgroup controllers of ${root} down (${hint})`, { cause });
  }
}
