import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** Bytes of the nonce and of the tag of AES-GCM. */
export const IV_BYTES = 12;
export const TAG_BYTES = 16;

/** What AES-256-GCM makes of a text. */
export interface Sealed {
  readonly iv: Buffer;
  readonly tag: Buffer;
  readonly body: Buffer;
}

/**
 * Encrypts with AES-256-GCM under a nonce of its own.
 * @param key of 32 bytes
 * @param associated authenticated, and not in the result
 */
export function seal(plain: Buffer | string, key: Buffer, associated?: Buffer): Sealed {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  if (associated !== undefined) cipher.setAAD(associated);
  const body = Buffer.concat([
    Buffer.isBuffer(plain) ? cipher.update(plain) : cipher.update(plain, 'utf8'),
    cipher.final(),
  ]);
  return { iv, tag: cipher.getAuthTag(), body };
}

/** Reverses {@link seal}. @throws Error for what was sealed with another key, or has changed since */
export function unseal({ iv, tag, body }: Sealed, key: Buffer, associated?: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
  if (associated !== undefined) decipher.setAAD(associated);
  decipher.setAuthTag(tag);
  return Buffer.concat([decipher.update(body), decipher.final()]);
}
