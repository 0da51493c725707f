import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../machine/paths.ts';
import { run } from '../machine/run.ts';
import type { ImageArchive } from './image-archive.ts';

/** A copy of an image archive under another name, and how to remove its file. */
export interface RetaggedArchive {
  readonly archive: ImageArchive;
  remove(): void;
}

/**
 * The same image under another tag, as a file of its own: another version of it, to tools and people. Needs no image engine.
 *
 * @throws CommandError when the archive cannot be read
 */
export async function retagged({ file, image, digest }: ImageArchive, tag: string): Promise<RetaggedArchive> {
  const parent = join(cacheFolder(), 'images');
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, 'retag-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    const content = join(folder, 'content');
    mkdirSync(content);
    await run('tar', ['-xf', file, '-C', content], { timeoutMs: 120_000 });
    const renamed = `${image.slice(0, image.lastIndexOf(':'))}:${tag}`;
    const manifest = join(content, 'manifest.json');
    const [entry] = JSON.parse(readFileSync(manifest, 'utf8')) as Record<string, unknown>[];
    writeFileSync(manifest, JSON.stringify([{ ...entry, RepoTags: [renamed] }]));
    rmSync(join(content, 'repositories'), { force: true });
    const copy = join(folder, 'image.tar');
    await run('tar', ['-cf', copy, '-C', content, '.'], { timeoutMs: 120_000 });
    rmSync(content, { recursive: true });
    return { archive: { image: renamed, file: copy, digest: `${digest}-${tag}` }, remove };
  } catch (error) {
    remove();
    throw error;
  }
}
