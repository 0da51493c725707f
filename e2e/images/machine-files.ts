import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { run } from '../machine/run.ts';
import type { ImageEngine } from './engine.ts';

/** Files of an image: paths in it, without the first slash, and where the files are on this machine. */
export type MachineFiles = ReadonlyMap<string, string>;

/** Users and groups of an image that has no others. */
const nobodyElse = {
  'etc/passwd': 'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n',
  'etc/group': 'root:x:0:\nnonroot:x:65532:\n',
  'etc/nsswitch.conf': 'hosts: files dns\n',
};

/** Programs, at the paths given as keys, and the shared libraries that they name. */
export async function programFiles(programs: MachineFiles): Promise<Map<string, string>> {
  const files = new Map(programs);
  for (const program of programs.values()) {
    const { stdout } = await run('ldd', [program], { timeoutMs: 10_000 });
    for (const path of sharedLibraries(stdout)) files.set(path.slice(1), path);
  }
  return files;
}

/** Paths of the libraries in what `ldd` prints, the loader among them; the kernel's own has no path. */
export function sharedLibraries(lddOutput: string): string[] {
  return lddOutput.split('\n').flatMap((line) => /(?:=> )?(\/\S+) \(0x/.exec(line)?.[1] ?? []);
}

/** Changes when one of the files does. */
export function digestOf(files: MachineFiles): string {
  const hash = createHash('sha256').update(JSON.stringify(nobodyElse));
  for (const [target, source] of files) hash.update(target).update(readFileSync(source));
  return hash.digest('hex');
}

/** Builds an image of these files and nothing else; `instructions` end its Dockerfile. */
export async function buildFromFiles(
  engine: ImageEngine,
  image: string,
  files: MachineFiles,
  instructions: readonly string[],
): Promise<void> {
  const context = mkdtempSync(join(tmpdir(), 'flagrelay-image-'));
  const inRoot = (path: string) => {
    const file = join(context, 'root', path);
    mkdirSync(dirname(file), { recursive: true });
    return file;
  };
  try {
    for (const [target, source] of files) copyFileSync(source, inRoot(target));
    for (const [target, text] of Object.entries(nobodyElse)) writeFileSync(inRoot(target), text);
    const dockerfile = join(context, 'Dockerfile');
    writeFileSync(dockerfile, ['FROM scratch', 'COPY root/ /', ...instructions, 'USER 65532:65532', ''].join('\n'));
    await engine.build({ context, dockerfile, image });
  } finally {
    rmSync(context, { recursive: true });
  }
}
