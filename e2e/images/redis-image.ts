import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from '../machine/lock.ts';
import { ensurePrograms, findOnPath } from '../machine/packages.ts';
import { cacheFolder } from '../machine/paths.ts';
import { progress, secondsSince } from '../machine/progress.ts';
import { imageEngine, imageLock } from './engine.ts';
import type { ImageArchive } from './image-archive.ts';
import { buildFromFiles, digestOf, programFiles } from './machine-files.ts';

/**
 * The Redis of the scenarios, in a docker-archive: this machine's own redis-server and redis-cli, as no registry may be in
 * reach. Built once for each version of those files.
 *
 * @throws MissingProgramsError where there is no redis-server and none can be installed
 * @throws CommandError when the image cannot be built
 */
export async function ensureRedisArchive(): Promise<ImageArchive> {
  await ensurePrograms(['redis-server']);
  const programs = ['redis-server', 'redis-cli'].map((name): [string, string] => [`bin/${name}`, located(name)]);
  const files = await programFiles(new Map(programs));
  const digest = digestOf(files);
  const image = `flagrelay.local/redis:${digest.slice(0, 16)}`;
  const file = join(cacheFolder(), 'images', `redis-${digest.slice(0, 16)}.tar`);
  await withLock(
    imageLock,
    async () => {
      if (existsSync(file)) return;
      const start = performance.now();
      const engine = await imageEngine();
      await buildFromFiles(engine, image, files, ['ENV PATH=/bin', 'ENTRYPOINT ["/bin/redis-server"]']);
      await engine.save(image, file);
      progress(`built ${image} with ${engine.name} in ${secondsSince(start)}`);
    },
    { timeoutMs: 900_000 },
  );
  return { image, file, digest };
}

function located(name: string): string {
  const path = findOnPath(name);
  if (path === undefined) throw new Error(`${name} is not on the PATH; on Debian the package redis-tools has it`);
  return path;
}
