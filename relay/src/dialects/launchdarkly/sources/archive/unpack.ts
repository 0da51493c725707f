import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import type { RelayConfig } from '../../../../config/document.ts';
import { memoryLimitBytes } from '../../../../memory/limit.ts';
import { ArchiveError } from './format.ts';

/** How much an archive may unpack to. */
export interface ArchiveLimits {
  /** Bytes of one file (contract 7: 200 MiB). */
  readonly entryBytes: number;
  /** Bytes of all files together, skipped ones too, so that a small archive that unpacks to a huge one cannot take the memory. */
  readonly totalBytes: number;
  /** Files, those that are skipped among them. */
  readonly entries: number;
}

/** What of it the configuration says. */
export type ConfiguredLimits = Partial<
  Pick<NonNullable<RelayConfig['offline']>, 'maxBytes' | 'maxFileBytes' | 'maxFiles'>
>;

const MAX_ENTRY_BYTES = 200 * 2 ** 20;
const MAX_TOTAL_BYTES = 2 ** 30;
const MIN_TOTAL_BYTES = 16 * 2 ** 20;
/** Of the memory: what is parsed of the files, beside the data that are served meanwhile, takes several times as much. */
const TOTAL_SHARE = 1 / 8;
const MAX_ENTRIES = 20_000;

/** The limits of a process with so many bytes of memory; what is configured wins. */
export function archiveLimits(
  memory: number,
  { maxBytes, maxFileBytes = MAX_ENTRY_BYTES, maxFiles = MAX_ENTRIES }: ConfiguredLimits = {},
): ArchiveLimits {
  const share = Math.min(MAX_TOTAL_BYTES, Math.max(MIN_TOTAL_BYTES, Math.floor(memory * TOTAL_SHARE)));
  const totalBytes = maxBytes ?? share;
  return { totalBytes, entryBytes: Math.min(maxFileBytes, totalBytes), entries: maxFiles };
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(bytes < 2 ** 20 ? 3 : 0)} MiB`;
}

/**
 * The regular files at the top level of a tar or tar.gz, by name; nothing is written to disk. Throws
 * {@link ArchiveError} for something that is not a tar or too large, and the error of `node:fs`.
 */
export async function unpack(
  path: string,
  limits: ArchiveLimits = archiveLimits(memoryLimitBytes()),
): Promise<Map<string, Buffer>> {
  const compressed = await isGzip(path);
  const gunzip = createGunzip();
  const files = new Map<string, Buffer>();
  let total = 0;
  let count = 0;
  const tar = extract();
  tar.on('entry', (header, stream, next) => {
    // An entry that is not read to its end is destroyed with the error, which would be nobody's.
    stream.on('error', () => undefined);
    const name = header.name.replace(/^\.\//, '');
    const size = header.size ?? 0;
    total += size;
    const problem = problemWith(name, size, total, ++count, limits);
    if (problem !== undefined) {
      next(new ArchiveError(problem));
      return;
    }
    if (header.type !== 'file' || name.includes('/')) {
      stream.resume();
      stream.on('end', next);
      return;
    }
    collect(stream).then((content) => {
      files.set(name, content);
      next();
    }, next);
  });
  // tar-stream is no Node stream: its errors are caught here for as long as it lives, else a late one ends the process.
  const finished = new Promise<void>((resolve, reject) => {
    tar.on('finish', resolve);
    tar.on('error', reject);
  });
  const input = createReadStream(path);
  const bytes = compressed ? input.on('error', (error) => gunzip.destroy(error)).pipe(gunzip) : input;
  try {
    await Promise.all([finished, feed(bytes, tar, finished)]);
  } catch (error) {
    if (error instanceof ArchiveError || isFileError(error)) throw error;
    throw new ArchiveError('it is not a tar archive', { cause: error });
  } finally {
    input.destroy();
    gunzip.destroy();
    tar.destroy();
  }
  return files;
}

function problemWith(
  name: string,
  size: number,
  total: number,
  count: number,
  { entryBytes, totalBytes, entries }: ArchiveLimits,
): string | undefined {
  if (size > entryBytes)
    return `${name} has ${mebibytes(size)}; ${mebibytes(entryBytes)} are allowed with the memory there is`;
  if (total > totalBytes)
    return `its files have more than the ${mebibytes(totalBytes)} that are allowed with the memory there is`;
  return count > entries ? `it has more than ${entries} files` : undefined;
}

/** Writes everything into the extractor, no faster than it takes it; ends early when `finished` says that it has failed. */
async function feed(bytes: AsyncIterable<Buffer>, tar: NodeJS.WritableStream, finished: Promise<void>): Promise<void> {
  for await (const chunk of bytes) {
    if (!tar.write(chunk)) await Promise.race([new Promise<void>((resolve) => tar.once('drain', resolve)), finished]);
  }
  tar.end();
}

async function isGzip(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await file.close();
  }
}

async function collect(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Errors of the file system name a system call; those of zlib and tar do not. */
function isFileError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}
