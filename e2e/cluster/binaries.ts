import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from '../machine/lock.ts';
import { findOnPath } from '../machine/packages.ts';
import { cacheFolder } from '../machine/paths.ts';
import { progress, secondsSince } from '../machine/progress.ts';
import { run } from '../machine/run.ts';
import { type ToolSet, versions } from './versions.ts';

/** The programs of each set, and how each tells its version. */
const programsOf: Readonly<Record<ToolSet, Readonly<Record<string, readonly string[]>>>> = {
  kubernetes: {
    kubectl: ['version', '--client'],
    'kube-apiserver': ['--version'],
    'kube-controller-manager': ['--version'],
    'kube-proxy': ['--version'],
    'kube-scheduler': ['--version'],
    kubelet: ['--version'],
  },
  etcd: { etcd: ['--version'] },
  coredns: { coredns: ['-version'] },
  helm: { helm: ['version', '--short'] },
  helm3: { helm3: ['version', '--short'] },
  kwok: { kwok: ['--version'] },
};

/** Linker flags beyond stripping: what the program should say its version is. */
const versionFlags: Readonly<Partial<Record<ToolSet, string>>> = {
  kubernetes: `-X k8s.io/component-base/version.gitVersion=${versions.kubernetes}`,
};

/** What `go build` is told to build: the module's tools, or our own main package there. */
const buildTargets: Readonly<Record<ToolSet, string>> = {
  kubernetes: 'tool',
  etcd: 'tool',
  coredns: '.',
  helm: 'tool',
  helm3: 'tool',
  kwok: 'tool',
};

/** A program's Go package ends in another name than the program. */
const builtNames: Readonly<Record<string, string>> = { etcd: 'server', helm3: 'helm' };

/** Go is missing, so that programs that are not found cannot be built either. */
export class MissingGoError extends Error {
  constructor(set: ToolSet) {
    super(
      `Go is not installed: needed to build ${set} ${versions[set]}, which is neither in KUBEBUILDER_ASSETS nor on the PATH`,
    );
    this.name = 'MissingGoError';
  }
}

/**
 * Paths of the programs of the named sets: from `KUBEBUILDER_ASSETS`, from the cache, from the PATH when the version
 * is the same up to the minor number, else built from the Go modules in `tools/` into the cache (minutes, the first
 * time; a second run waits for the first).
 *
 * @throws MissingGoError, CommandError when a build fails
 */
export async function ensureBinaries(sets: readonly ToolSet[]): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const set of sets) {
    const names = Object.keys(programsOf[set]);
    for (const name of names) {
      const path = await findProgram(set, name);
      if (path !== undefined) found.set(name, path);
    }
    if (names.every((name) => found.has(name))) continue;
    await withLock(`build ${builtFolder(set)}`, () => buildUnlessThere(set), {
      timeoutMs: 3_600_000,
      onWait: () => progress(`waiting for another run that builds ${set}`),
    });
    for (const name of names) found.set(name, found.get(name) ?? join(builtFolder(set), name));
  }
  return found;
}

/** A kubectl for a cluster whose version is not ours to choose: ours or any other; built only where there is none. */
export async function anyKubectl(): Promise<string> {
  const found = (await findProgram('kubernetes', 'kubectl')) ?? findOnPath('kubectl');
  return found ?? (await ensureBinaries(['kubernetes'])).get('kubectl')!;
}

/** Whether a program's own words name the wanted version, up to the minor number. */
export function isVersion(output: string, wanted: string): boolean {
  const [major, minor] = wanted.replace(/^v/, '').split('.');
  return new RegExp(`(?<![\\d.])${major}\\.${minor}\\.\\d`).test(output);
}

async function findProgram(set: ToolSet, name: string): Promise<string | undefined> {
  const assets = process.env.KUBEBUILDER_ASSETS;
  if (assets && existsSync(join(assets, name))) return join(assets, name);
  const built = join(builtFolder(set), name);
  if (existsSync(built)) return built;
  const onPath = findOnPath(name);
  if (onPath === undefined) return undefined;
  try {
    const { stdout } = await run(onPath, programsOf[set][name]!, { timeoutMs: 20_000 });
    return isVersion(stdout, versions[set]) ? onPath : undefined;
  } catch (error) {
    progress(`${onPath} does not tell its version, so it is not used: ${(error as Error).message}`);
    return undefined;
  }
}

async function buildUnlessThere(set: ToolSet): Promise<void> {
  const folder = builtFolder(set);
  if (existsSync(folder)) return;
  if (findOnPath('go') === undefined) throw new MissingGoError(set);
  const partial = `${folder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });

  const start = performance.now();
  let packages = 0;
  const report = () => progress(`building ${set} ${versions[set]}: ${packages} packages, ${secondsSince(start)}`);
  report();
  const timer = setInterval(report, 15_000);
  try {
    const ldflags = `-s -w ${versionFlags[set] ?? ''}`.trim();
    await run(
      'go',
      ['build', '-v', '-buildvcs=false', '-trimpath', `-ldflags=${ldflags}`, '-o', `${partial}/`, buildTargets[set]],
      {
        cwd: join(import.meta.dirname, 'tools', set),
        env: { CGO_ENABLED: '0', GOFLAGS: '-mod=readonly', GOWORK: 'off' },
        timeoutMs: 3_000_000,
        onStderr: (chunk) => {
          packages += chunk.split('\n').length - 1;
        },
      },
    );
  } finally {
    clearInterval(timer);
  }
  for (const name of Object.keys(programsOf[set])) {
    const built = builtNames[name];
    if (built !== undefined) renameSync(join(partial, built), join(partial, name));
  }
  renameSync(partial, folder);
  progress(`built ${set} ${versions[set]} in ${secondsSince(start)}`);
}

function builtFolder(set: ToolSet): string {
  return join(cacheFolder(), 'bin', `${set}-${versions[set]}`);
}
