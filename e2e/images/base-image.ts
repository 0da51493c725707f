import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../machine/paths.ts';
import type { ImageEngine } from './engine.ts';
import { buildFromFiles, digestOf, programFiles } from './machine-files.ts';

/** A base image made from this machine's own files: for where no registry is in reach. */
export interface BaseImage {
  readonly image: string;
  /** Changes when one of its files does. */
  readonly digest: string;
  /** Builds it. */
  build(engine: ImageEngine): Promise<void>;
}

const nodeProgram = join(repositoryRoot, 'node_modules', 'node', 'bin', 'node');
const certificates = '/etc/ssl/certs/ca-certificates.crt';

/** The files that a Node image needs: the pinned Node, the shared libraries that it names, CA certificates. */
export async function machineBaseImage(): Promise<BaseImage> {
  const files = await programFiles(new Map([['nodejs/bin/node', nodeProgram]]));
  if (existsSync(certificates)) files.set(certificates.slice(1), certificates);
  const digest = digestOf(files);
  const image = `flagrelay.local/base:${digest.slice(0, 16)}`;
  return { image, digest, build: (engine) => buildFromFiles(engine, image, files, ['ENV PATH=/nodejs/bin']) };
}
