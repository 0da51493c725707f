import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { ArchiveError } from './format.ts';

/** One file in an archive may have so many bytes (contract 7). */
export const MAX_ENTRY_BYTES = 200 * 1024 * 1024;

/** All files together may have so many bytes, so that a small archive that unpacks to a huge one cannot take the memory. */
export const MAX_TOTAL_BYTES = 1024 * 1024 * 1024;

/**
 * The regular files at the top level of a tar or tar.gz, by name; nothing is written to disk. Throws
 * {@link ArchiveError} for something that is not a tar or too large, and the error of `node:fs`.
 */
export async function unpack(path: string): Promise<Map<string, Buffer>> {
  const compressed = await isGzip(path);
  const files = new Map<string, Buffer>();
  let total = 0;
  const tar = extract();
  tar.on('entry', (header, stream, next) => {
    const name = header.name.replace(/^\.\//, '');
    if (header.type !== 'file' || name.includes('/')) {
      stream.resume();
      stream.on('end', next);
      return;
    }
    total += header.size ?? 0;
    if ((header.size ?? 0) > MAX_ENTRY_BYTES || total > MAX_TOTAL_BYTES) {
      next(new ArchiveError(`${name} is too large`));
      return;
    }
    collect(stream).then((content) => {
      files.set(name, content);
      next();
    }, next);
  });
  const finished = once(tar, 'finish');
  try {
    const input = createReadStream(path);
    if (compressed) await pipeline(input, createGunzip(), tar);
    else await pipeline(input, tar);
    await finished;
  } catch (error) {
    finished.catch(() => undefined); // the pipeline has told it already
    if (error instanceof ArchiveError || isFileError(error)) throw error;
    throw new ArchiveError('it is not a tar archive', { cause: error });
  }
  return files;
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
