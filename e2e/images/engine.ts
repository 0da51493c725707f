import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ensurePrograms, findOnPath } from '../machine/packages.ts';
import { cacheFolder } from '../machine/paths.ts';
import { CommandError, run } from '../machine/run.ts';

/** One image to build. */
export interface BuildRequest {
  /** Folder that the Dockerfile copies from. */
  readonly context: string;
  readonly dockerfile: string;
  readonly target?: string;
  /** Full name with tag. */
  readonly image: string;
  readonly args?: Readonly<Record<string, string>>;
}

/** What builds images on this machine. One build at a time: the caller holds {@link imageLock}. */
export interface ImageEngine {
  readonly name: 'docker' | 'buildah';
  /** @throws CommandError when the build fails */
  build(request: BuildRequest): Promise<void>;
  /** Moves a built image into a docker-archive file, which appears whole or not at all; Docker keeps it as well. */
  save(image: string, file: string): Promise<void>;
}

/** Name of the lock under which images are built. */
export const imageLock = 'build images';

const buildLimitMs = 600_000;

/** Docker when its engine answers, else buildah (installed when missing; needs neither engine nor registry). */
export async function imageEngine(): Promise<ImageEngine> {
  if (await dockerAnswers()) return docker;
  await ensurePrograms(['buildah']);
  return buildah;
}

/** Whether a Docker engine answers here. */
export async function dockerAnswers(): Promise<boolean> {
  if (findOnPath('docker') === undefined) return false;
  try {
    await run('docker', ['version', '--format', '{{.Server.Version}}'], { timeoutMs: 15_000 });
    return true;
  } catch (error) {
    // Only the client is installed, or the engine is not for us.
    if (error instanceof CommandError) return false;
    throw error;
  }
}

const docker: ImageEngine = {
  name: 'docker',
  async build(request) {
    await run('docker', ['build', ...buildArguments(request)], { timeoutMs: buildLimitMs });
  },
  async save(image, file) {
    await saveWhole(file, async (partial) => {
      await run('docker', ['save', '--output', partial, image], { timeoutMs: buildLimitMs });
    });
  },
};

const buildah: ImageEngine = {
  name: 'buildah',
  async build(request) {
    // A build that was interrupted leaves a container, which would keep its image from being removed forever.
    await runBuildah(['rm', '--all']);
    // Without times in it, a layer with the same files is the same layer: nodes keep one of each.
    await runBuildah(['build', '--isolation', 'chroot', '--timestamp', '0', ...buildArguments(request)]);
    await runBuildah(['rmi', '--prune']);
  },
  async save(image, file) {
    await saveWhole(file, (partial) => runBuildah(['push', '--quiet', image, `docker-archive:${partial}:${image}`]));
    // The file is what is used from here on; the store, which is ours alone, keeps each image whole and forever.
    await runBuildah(['rmi', image]);
  },
};

/** Runs buildah on a store and a network folder of our own, so that the machine's stay as they are. */
async function runBuildah(args: readonly string[]): Promise<void> {
  const store = join(cacheFolder(), 'buildah');
  const config = join(store, 'containers.conf');
  mkdirSync(store, { recursive: true });
  writeFileSync(config, `[network]\nnetwork_config_dir = ${JSON.stringify(join(store, 'net.d'))}\n`);
  const where = ['--root', join(store, 'root'), '--runroot', join(store, 'run'), '--storage-driver', 'vfs'];
  await run('buildah', [...where, ...args], { env: { CONTAINERS_CONF: config }, timeoutMs: buildLimitMs });
}

function buildArguments({ context, dockerfile, target, image, args = {} }: BuildRequest): string[] {
  return [
    ...['--file', dockerfile, '--tag', image],
    ...(target === undefined ? [] : ['--target', target]),
    ...Object.entries(args).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
    context,
  ];
}

async function saveWhole(file: string, save: (partial: string) => Promise<void>): Promise<void> {
  mkdirSync(dirname(file), { recursive: true });
  const partial = `${file}.partial-${process.pid}`;
  await save(partial);
  renameSync(partial, file);
}
