import { constants, gzip } from 'node:zlib';

/** A response body that many clients get: encoded once, compressed once when the first client asks for that. */
export class SharedBody {
  readonly bytes: Buffer;
  readonly etag: string;
  #gzip: Promise<Buffer> | undefined;

  constructor(text: string, etag: string) {
    this.bytes = Buffer.from(text);
    this.etag = etag;
  }

  /** The body in gzip. Compressed off the main thread, once. */
  gzipped(): Promise<Buffer> {
    this.#gzip ??= compress(this.bytes, constants.Z_DEFAULT_COMPRESSION).catch((error: unknown) => {
      // The next client asks again.
      this.#gzip = undefined;
      throw error;
    });
    return this.#gzip;
  }
}

/** Bytes that wait to be compressed at a time: more comes in than threads take when thousands ask for large answers at once. */
const MAX_WAITING = 32 * 1024 * 1024;
let waiting = 0;

/** Compresses off the main thread. Rejects at once when very much waits for that already: then it is quicker to send the bytes as they are. */
export function compress(bytes: Buffer | string, level: number = constants.Z_BEST_SPEED): Promise<Buffer> {
  const { length } = bytes;
  if (waiting > 0 && waiting + length > MAX_WAITING)
    return Promise.reject(new Error('too much waits to be compressed'));
  waiting += length;
  return new Promise((resolve, reject) => {
    gzip(bytes, { level }, (error, result) => {
      waiting -= length;
      if (error === null) resolve(result);
      else reject(error);
    });
  });
}
