import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { repositoryRoot } from '../cluster/paths.ts';
import { run } from '../cluster/run.ts';
import type { ImageEngine } from './engine.ts';

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
const nobodyElse = {
  'etc/passwd': 'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n',
  'etc/group': 'root:x:0:\nnonroot:x:65532:\n',
  'etc/nsswitch.conf': 'hosts: files dns\n',
};

/** The files that a Node image needs: the pinned Node, the shared libraries that it names, CA certificates. */
export async function machineBaseImage(): Promise<BaseImage> {
  const libraries = sharedLibraries((await run('ldd', [nodeProgram], { timeoutMs: 10_000 })).stdout);
  const files = new Map<string, string>([
    ['nodejs/bin/node', nodeProgram],
    ...libraries.map((path): [string, string] => [path.slice(1), path]),
    ...(existsSync(certificates) ? [[certificates.slice(1), certificates] as const] : []),
  ]);
  const hash = createHash('sha256').update(JSON.stringify(nobodyElse));
  for (const [target, source] of files) hash.update(target).update(readFileSync(source));
  const digest = hash.digest('hex');
  const image = `flagrelay.local/base:${digest.slice(0, 16)}`;
  return { image, digest, build: (engine) => buildFrom(files, image, engine) };
}

/** Paths of the libraries in what `ldd` prints, the loader among them; the kernel's own has no path. */
export function sharedLibraries(lddOutput: string): string[] {
  return lddOutput.split('\n').flatMap((line) => /(?:=> )?(\/\S+) \(0x/.exec(line)?.[1] ?? []);
}

async function buildFrom(files: ReadonlyMap<string, string>, image: string, engine: ImageEngine): Promise<void> {
  const context = mkdtempSync(join(tmpdir(), 'flagrelay-base-'));
  const inRoot = (path: string) => {
    const file = join(context, 'root', path);
    mkdirSync(dirname(file), { recursive: true });
    return file;
  };
  try {
    for (const [target, source] of files) copyFileSync(source, inRoot(target));
    for (const [target, text] of Object.entries(nobodyElse)) writeFileSync(inRoot(target), text);
    const dockerfile = join(context, 'Dockerfile');
    writeFileSync(dockerfile, 'FROM scratch\nCOPY root/ /\nENV PATH=/nodejs/bin\nUSER 65532:65532\n');
    await engine.build({ context, dockerfile, image });
  } finally {
    rmSync(context, { recursive: true });
  }
}
