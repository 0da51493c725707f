import { createHash } from 'node:crypto';

/** Name of the checksum inside an archive. */
export const CHECKSUM_FILE = 'checksum.md5';

/** An archive that cannot be used as a whole. */
export class ArchiveError extends Error {
  override readonly name = 'ArchiveError';
}

/** Name of the file that describes an environment. */
export function environmentFile(envId: string): string {
  return `${envId}.json`;
}

/** Name of the file that holds an environment's flags and segments. */
export function dataFile(envId: string): string {
  return `${envId}-data.json`;
}

/** MD5 over the contents of the environments' files in order of their names: 16 raw bytes (contract 7). */
export function checksum(files: ReadonlyMap<string, Buffer>): Buffer {
  const hash = createHash('md5');
  for (const name of [...files.keys()].filter(isCounted).sort(byBytes)) hash.update(files.get(name) ?? '');
  return hash.digest();
}

/** Only environments' files are part of the checksum. */
function isCounted(name: string): boolean {
  return name.endsWith('.json');
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
