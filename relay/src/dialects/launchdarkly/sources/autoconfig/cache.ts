import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { writeFileAtomically } from '../../../../files/atomic.ts';
import { storedEnvironmentRep } from '../environment-rep.ts';
import type { StoredList } from './list.ts';
import { filterRep } from './message.ts';

/** Where the last list is kept. Every method throws what its kind of place throws. */
export interface ListCache {
  /** For the log. */
  readonly name: string;
  /** The list; undefined when there is none. */
  read(secret: string): Promise<StoredList | undefined>;
  write(list: StoredList, secret: string): Promise<void>;
  close(): Promise<void>;
}

/** A cache in a file. */
export function fileCache(path: string): ListCache {
  return {
    name: path,
    read: (secret) => readCache(path, secret),
    write: (list, secret) => writeCache(path, list, secret),
    close: () => Promise.resolve(),
  };
}

/** Says what the file is, and in which form. */
const HEADER = Buffer.from('flagrelay-autoconfig-1\n');
const IV_BYTES = 12;
const TAG_BYTES = 16;

const storedList = z.object({
  environments: z.array(storedEnvironmentRep),
  filters: z.array(z.intersection(filterRep, z.object({ id: z.string() }))),
});

/** A cache file that is damaged, or was written with another key. */
export class CacheError extends Error {
  override readonly name = 'CacheError';
}

/** Encrypts with AES-256-GCM; the key is the SHA-256 of `secret` (contract 11.1). The header is authenticated. */
export function encryptList(list: StoredList, secret: string): Buffer {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', createHash('sha256').update(secret).digest(), iv);
  cipher.setAAD(HEADER);
  const body = Buffer.concat([cipher.update(JSON.stringify(list), 'utf8'), cipher.final()]);
  return Buffer.concat([HEADER, iv, cipher.getAuthTag(), body]);
}

/** Reverses {@link encryptList}. Throws {@link CacheError}. */
export function decryptList(file: Buffer, secret: string): StoredList {
  const start = HEADER.length;
  if (file.length < start + IV_BYTES + TAG_BYTES || !file.subarray(0, start).equals(HEADER)) {
    throw new CacheError('it is not a cache of AutoConfig environments');
  }
  try {
    const iv = file.subarray(start, start + IV_BYTES);
    const tag = file.subarray(start + IV_BYTES, start + IV_BYTES + TAG_BYTES);
    const key = createHash('sha256').update(secret).digest();
    const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
    decipher.setAAD(HEADER);
    decipher.setAuthTag(tag);
    const body = Buffer.concat([decipher.update(file.subarray(start + IV_BYTES + TAG_BYTES)), decipher.final()]);
    return storedList.parse(JSON.parse(body.toString('utf8')));
  } catch (error) {
    throw new CacheError('it is damaged, or was written with another key', { cause: error });
  }
}

/** The list in a cache file; undefined when there is no file. Throws {@link CacheError} or the error of `node:fs`. */
export async function readCache(path: string, secret: string): Promise<StoredList | undefined> {
  let file: Buffer;
  try {
    file = await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return decryptList(file, secret);
}

/** Writes a cache file. Throws the error of `node:fs`. */
export async function writeCache(path: string, list: StoredList, secret: string): Promise<void> {
  await writeFileAtomically(path, encryptList(list, secret));
}
