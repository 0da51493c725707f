import { createGunzip } from 'node:zlib';
import { GrowingBuffer } from '../memory/growing-buffer.ts';
import { type BodyRoom, HeldBody, noRoom, tooLarge } from './body.ts';

/**
 * Inflates a gzipped body, off the main thread and a piece at a time: it stops at the limit and takes memory as it goes.
 * Several gzip members after each other are one body. The caller releases the result.
 * @param limit bytes of the inflated body
 * @throws {BodyError} when it is larger, or finds no room; another `Error` when it is not gzip
 */
export function inflate(body: Buffer, limit: number, room: BodyRoom): Promise<HeldBody> {
  return new Promise((resolve, reject) => {
    const held = new GrowingBuffer(limit, room);
    const gunzip = createGunzip({ chunkSize: chunkFor(body.length) });
    const fail = (error: Error) => {
      gunzip.destroy();
      held.release();
      reject(error);
    };
    gunzip.on('data', (chunk: Buffer) => {
      if (gunzip.destroyed) return;
      if (held.length + chunk.length > limit) fail(tooLarge(limit));
      else if (!held.append(chunk)) fail(noRoom());
    });
    gunzip.on('end', () => resolve(new HeldBody(held, room)));
    gunzip.on('error', fail);
    gunzip.end(body);
  });
}

const MIN_CHUNK = 4 * 1024;
const MAX_CHUNK = 64 * 1024;

/** Bytes that come at a time: enough for what is usual in one go, as each piece is a trip to another thread. */
function chunkFor(compressed: number): number {
  return Math.min(MAX_CHUNK, Math.max(MIN_CHUNK, 16 * compressed));
}
