import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { ArchiveError } from './format.ts';

/** One file in an archive may have so many bytes (contract 7). */
const MAX_ENTRY_BYTES = 200 * 1024 * 1024;

/** All files together may have so many bytes, so that a small archive that unpacks to a huge one cannot take the memory. */
const MAX_TOTAL_BYTES = 1024 * 1024 * 1024;

/**
 * The regular files at the top level of a tar or tar.gz, by name; nothing is written to disk. Throws
 * {@link ArchiveError} for something that is not a tar or too large, and the error of `node:fs`.
 */
export async function unpack(path: string): Promise<Map<string, Buffer>> {
  const compressed = await isGzip(path);
  const gunzip = createGunzip();
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
