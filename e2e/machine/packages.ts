import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { withLock } from './lock.ts';
import { progress } from './progress.ts';
import { run } from './run.ts';

/** A program of the operating system and the Debian package that has it; `cni` stands for the CNI plugins. */
const debianPackages = {
  buildah: 'buildah',
  cni: 'containernetworking-plugins',
  conntrack: 'conntrack',
  containerd: 'containerd',
  curl: 'curl',
  ip: 'iproute2',
  iptables: 'iptables',
  openssl: 'openssl',
  python3: 'python3',
  promtool: 'prometheus',
  'redis-server': 'redis-server',
  runc: 'runc',
} as const;

/** Where the CNI plugins may be: Debian's package, then their own convention. */
const cniFolders = ['/usr/lib/cni', '/opt/cni/bin'];

/** A program that a step can ask for. */
export type SystemProgram = keyof typeof debianPackages;

/** Programs of the operating system are missing and cannot be installed here; the message says which and how. */
export class MissingProgramsError extends Error {
  constructor(programs: readonly string[], packages: readonly string[], reason: string) {
    super(`missing on this machine: ${programs.join(', ')}; ${reason}: apt-get install ${packages.join(' ')}`);
    this.name = 'MissingProgramsError';
  }
}

/**
 * Sees to it that programs of the operating system are there: installs the packages of those that are missing, when
 * this is Debian (or derived from it) and we are root.
 *
 * @throws MissingProgramsError where that is not so
 * @throws CommandError when apt-get fails
 */
export async function ensurePrograms(programs: readonly SystemProgram[]): Promise<void> {
  if (programs.every(isInstalled)) return;
  await withLock('apt-get', () => install(programs.filter((program) => !isInstalled(program))), { timeoutMs: 600_000 });
}

/** The folder of the CNI plugins. */
export function cniFolder(): string | undefined {
  return cniFolders.find((folder) => existsSync(join(folder, 'bridge')));
}

/** The first file of that name on the PATH, also looked for where system programs are. */
export function findOnPath(name: string, path: string = process.env.PATH ?? ''): string | undefined {
  return [...path.split(delimiter), '/usr/sbin', '/sbin']
    .filter(Boolean)
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file));
}

async function install(missing: readonly SystemProgram[]): Promise<void> {
  if (missing.length === 0) return;
  const packages = missing.map((program) => debianPackages[program]);
  if (process.getuid?.() !== 0) throw new MissingProgramsError(missing, packages, 'install them as root');
  if (!isDebian()) throw new MissingProgramsError(missing, packages, 'install what has them; on Debian it would be');
  progress(`installing Debian packages: ${packages.join(' ')}`);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update', '-q'], { env, timeoutMs: 300_000 });
  await run('apt-get', ['install', '-q', '-y', '--no-install-recommends', ...packages], { env, timeoutMs: 600_000 });
}

function isInstalled(program: SystemProgram): boolean {
  return (program === 'cni' ? cniFolder() : findOnPath(program)) !== undefined;
}

function isDebian(): boolean {
  return existsSync('/etc/os-release') && /^ID(_LIKE)?=.*debian/m.test(readFileSync('/etc/os-release', 'utf8'));
}
