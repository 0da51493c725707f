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
    this.#gzip ??= compress(this.bytes, constants.Z_DEFAULT_COMPRESSION);
    return this.#gzip;
  }
}

/** Compresses off the main thread. */
export function compress(bytes: Buffer | string, level: number = constants.Z_BEST_SPEED): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    gzip(bytes, { level }, (error, result) => {
      if (error === null) resolve(result);
      else reject(error);
    });
  });
}
