import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { IV_BYTES, seal, TAG_BYTES, unseal } from '../../../../encoding/sealed.ts';
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

const storedList = z.object({
  environments: z.array(storedEnvironmentRep),
  filters: z.array(z.intersection(filterRep, z.object({ id: z.string() }))),
});

/** A cache file that is damaged, or was written with another key. */
export class CacheError extends Error {
  override readonly name = 'CacheError';
}

/** The key of a list: ld-relay 9 makes it the same way. */
export function keyOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** Encrypts with AES-256-GCM; the key is the SHA-256 of `secret` (contract 11.1). The header is authenticated. */
export function encryptList(list: StoredList, secret: string): Buffer {
  const { iv, tag, body } = seal(JSON.stringify(list), keyOf(secret), HEADER);
  return Buffer.concat([HEADER, iv, tag, body]);
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
    const text = unseal({ iv, tag, body: file.subarray(start + IV_BYTES + TAG_BYTES) }, keyOf(secret), HEADER);
    return storedList.parse(JSON.parse(text.toString('utf8')));
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
