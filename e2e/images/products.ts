import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { withLock } from '../machine/lock.ts';
import { cacheFolder, repositoryRoot } from '../machine/paths.ts';
import { progress, secondsSince } from '../machine/progress.ts';
import { run } from '../machine/run.ts';
import { machineBaseImage } from './base-image.ts';
import { type ImageEngine, imageEngine, imageLock } from './engine.ts';
import type { ImageArchive } from './image-archive.ts';

/** The images that the project publishes. */
export const products = ['relay', 'operator'] as const;

/** One of the published images. */
export type Product = (typeof products)[number];

/** A built image in a docker-archive file. */
export interface ProductArchive extends ImageArchive {
  readonly product: Product;
}

/** An image of the checkout; its tag is the version and what went into it, so that a rebuilt image is another image. */
function productImage(product: Product, digest: string): string {
  const { version } = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8')) as { version: string };
  return `ghcr.io/flagrelay/${product}:${version}-${digest.slice(0, 12)}`;
}

/**
 * Bundles the sources and builds the images of the products, each into a docker-archive in the cache; an image whose
 * inputs (bundle, Dockerfile, base) are the same as before is not built again.
 *
 * @throws CommandError when a bundle or an image cannot be built
 */
export async function buildProducts(wanted: readonly Product[] = products): Promise<ProductArchive[]> {
  return withLock(imageLock, () => build(wanted), {
    timeoutMs: 900_000,
    onWait: () => progress('waiting for another run that builds images'),
  });
}

async function build(wanted: readonly Product[]): Promise<ProductArchive[]> {
  const engine = await imageEngine();
  // With Docker there is a registry; without it the base is made here.
  const base = engine.name === 'docker' ? undefined : await machineBaseImage();
  const archives: ProductArchive[] = [];
  let baseIsBuilt = false;
  for (const product of wanted) {
    await run(process.execPath, ['build.ts'], { cwd: join(repositoryRoot, product), timeoutMs: 120_000 });
    const digest = inputsDigest(product, base?.digest ?? engine.name);
    const image = productImage(product, digest);
    const file = join(cacheFolder(), 'images', `${product}-${digest.slice(0, 16)}.tar`);
    if (!existsSync(file)) {
      const start = performance.now();
      if (!baseIsBuilt) await base?.build(engine);
      baseIsBuilt = true;
      await buildOne(engine, product, image, base?.image);
      removeOlderArchives(product);
      await engine.save(image, file);
      progress(`built ${image} with ${engine.name} in ${secondsSince(start)}`);
    }
    archives.push({ product, image, file, digest });
  }
  return archives;
}

async function buildOne(engine: ImageEngine, product: Product, image: string, base: string | undefined): Promise<void> {
  const revision = await run('git', ['rev-parse', 'HEAD'], { cwd: repositoryRoot, timeoutMs: 10_000 });
  await engine.build({
    context: repositoryRoot,
    dockerfile: join(repositoryRoot, 'Dockerfile'),
    target: product,
    image,
    args: {
      VERSION: image.slice(image.lastIndexOf(':') + 1),
      REVISION: revision.stdout.trim(),
      ...(base === undefined ? {} : { BASE_IMAGE: base }),
    },
  });
}

/** Hash over everything that decides what is in the image. */
function inputsDigest(product: Product, base: string): string {
  const hash = createHash('sha256').update(base);
  const dist = join(repositoryRoot, product, 'dist');
  // The compile cache is made from the bundle and differs from run to run.
  const files = readdirSync(dist, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(dist, join(entry.parentPath, entry.name)))
    .filter((file) => !file.startsWith(`cache${sep}`))
    .sort();
  for (const file of files) hash.update(file).update(readFileSync(join(dist, file)));
  for (const file of ['Dockerfile', 'package.json']) hash.update(readFileSync(join(repositoryRoot, file)));
  return hash.digest('hex');
}

/** Removes all but the newest archive of a product: another run may be loading that one right now. */
function removeOlderArchives(product: Product): void {
  const folder = join(cacheFolder(), 'images');
  if (!existsSync(folder)) return;
  const archives = readdirSync(folder).filter((name) => name.startsWith(`${product}-`) && name.endsWith('.tar'));
  const byAge = archives.map((name) => join(folder, name)).sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  for (const file of byAge.slice(1)) rmSync(file);
}
