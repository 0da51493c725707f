import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withLock } from '../machine/lock.ts';
import { cacheFolder } from '../machine/paths.ts';
import { run } from '../machine/run.ts';
import { imageEngine, imageLock } from './engine.ts';

/** The image that holds each pod's namespaces: a static program of our own, as no registry may be in reach. */
export const pauseImage = 'flagrelay.local/pause:1';

const source = join(import.meta.dirname, '..', 'cluster', 'tools', 'pause');

/** The docker-archive of {@link pauseImage}; built once. */
export async function ensurePauseArchive(): Promise<string> {
  const archive = join(cacheFolder(), 'images', 'pause-1.tar');
  await withLock(imageLock, () => buildUnlessThere(archive), { timeoutMs: 900_000 });
  return archive;
}

async function buildUnlessThere(archive: string): Promise<void> {
  if (existsSync(archive)) return;
  const engine = await imageEngine();
  const context = mkdtempSync(join(tmpdir(), 'flagrelay-pause-'));
  try {
    mkdirSync(join(context, 'root'));
    await run(
      'go',
      ['build', '-buildvcs=false', '-trimpath', '-ldflags=-s -w', '-o', join(context, 'root', 'pause'), '.'],
      {
        cwd: source,
        env: { CGO_ENABLED: '0', GOWORK: 'off' },
        timeoutMs: 300_000,
      },
    );
    copyFileSync(join(source, 'Dockerfile'), join(context, 'Dockerfile'));
    await engine.build({ context, dockerfile: join(context, 'Dockerfile'), image: pauseImage });
    await engine.save(pauseImage, archive);
  } finally {
    rmSync(context, { recursive: true });
  }
}
