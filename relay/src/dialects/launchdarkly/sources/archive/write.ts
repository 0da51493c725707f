import { createHash } from 'node:crypto';
import { createGzip } from 'node:zlib';
import { pack } from 'tar-stream';
import type { DataSet, Item } from '../../../../data/data.ts';
import { writeFileAtomically } from '../../../../files/atomic.ts';
import type { EnvironmentRep } from '../environment-rep.ts';
import { CHECKSUM_FILE, checksum, dataFile, environmentFile } from './format.ts';

/** One environment to be archived. */
export interface EnvironmentToArchive {
  readonly rep: EnvironmentRep;
  readonly data: DataSet;
}

/** Writes an archive that this relay and ld-relay can run on (contract 7). The file appears whole or not at all. Throws the error of `node:fs`. */
export async function writeArchive(path: string, environments: readonly EnvironmentToArchive[]): Promise<void> {
  await writeFileAtomically(path, await packArchive(environments));
}

/** The bytes of an archive as tar.gz. */
export async function packArchive(environments: readonly EnvironmentToArchive[]): Promise<Buffer> {
  const files = new Map<string, Buffer>();
  for (const { rep, data } of environments) {
    const content = Buffer.from(dataText(data));
    const dataId = createHash('sha256').update(content).digest('hex').slice(0, 32);
    files.set(environmentFile(rep.envID), Buffer.from(JSON.stringify({ env: rep, dataId })));
    files.set(dataFile(rep.envID), content);
  }
  const tar = pack();
  for (const [name, content] of files) tar.entry({ name, mode: 0o600 }, content);
  tar.entry({ name: CHECKSUM_FILE, mode: 0o600 }, checksum(files));
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar.pipe(createGzip())) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** `{flags, segments}` with each item's own text, in order of keys so that equal data gives equal bytes; tombstones are left out. */
function dataText(data: DataSet): string {
  return `{"flags":${objectText(data.flags)},"segments":${objectText(data.segments)}}`;
}

function objectText(items: ReadonlyMap<string, Item>): string {
  const members = [...items.values()]
    .filter((item) => !item.deleted)
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map((item) => `${JSON.stringify(item.key)}:${item.json}`);
  return `{${members.join(',')}}`;
}
