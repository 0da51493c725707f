import { createHash, hkdfSync, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import * as z from 'zod';
import type { DataSet, Item, RefuseItem } from '../../data/data.ts';
import { seal, unseal } from '../../encoding/sealed.ts';
import type { ItemCodec } from '../codec.ts';

/** First line of every snapshot; a new form gets a new number. */
const MAGIC = 'flagrelay-snapshot-1\n';
const SALT_BYTES = 16;

/** A larger data set is not kept, in bytes of JSON. */
export const MAX_SNAPSHOT_BYTES = 512 * 1024 * 1024;

const compress = promisify(gzip);
const inflate = promisify(gunzip);

const hex = z.hex().transform((text) => Buffer.from(text, 'hex'));
const header = z.object({
  /** ms since the epoch: when upstream last confirmed the data */
  savedAt: z.int().min(0),
  /** Digest of what the environment is at upstream: another environment under the same name gets nothing. */
  owner: z.string(),
  /** SHA-256 of the body as it lies in the file. */
  checksum: z.string(),
  encryption: z.object({ salt: hex, iv: hex, tag: hex }).optional(),
});

/** A snapshot that is damaged, of another environment, or was encrypted with another key. */
export class SnapshotError extends Error {
  override readonly name = 'SnapshotError';
}

/** Data of an environment as they were at a time. */
export interface Snapshot {
  /** ms since the epoch */
  readonly savedAt: number;
  readonly data: DataSet;
}

/**
 * Makes the bytes of a snapshot: a line that says what it is, a line of JSON, then the gzipped data, encrypted with
 * AES-256-GCM when there is a key; the first line, the time and the owner are authenticated with it.
 * @throws SnapshotError when the data are too large to keep
 */
export async function encodeSnapshot({ savedAt, data }: Snapshot, owner: string, secret?: string): Promise<Buffer> {
  const text = documentOf(data);
  if (text.length > MAX_SNAPSHOT_BYTES) throw new SnapshotError(`the data have more than ${MAX_SNAPSHOT_BYTES} bytes`);
  const plain = await compress(text);
  const { body, encryption } = secret === undefined ? { body: plain } : encrypt(plain, secret, savedAt, owner);
  const head = JSON.stringify({ savedAt, owner, checksum: digest(body), encryption });
  return Buffer.concat([Buffer.from(`${MAGIC}${head}\n`), body]);
}

/**
 * Reverses {@link encodeSnapshot}.
 * @param codec of the dialect whose data they are
 * @param refuse takes single items that cannot be used; without it they make the whole useless
 * @throws SnapshotError
 */
export async function decodeSnapshot(
  file: Buffer,
  codec: Pick<ItemCodec, 'parse'>,
  owner: string,
  secret?: string,
  refuse?: RefuseItem,
): Promise<Snapshot> {
  try {
    const { savedAt, text } = await open(file, owner, secret);
    return { savedAt, data: codec.parse(text, refuse) };
  } catch (error) {
    if (error instanceof SnapshotError) throw error;
    throw new SnapshotError('it is damaged', { cause: error });
  }
}

async function open(
  file: Buffer,
  owner: string,
  secret: string | undefined,
): Promise<{ readonly savedAt: number; readonly text: string }> {
  if (!file.subarray(0, MAGIC.length).equals(Buffer.from(MAGIC))) throw new SnapshotError('it is not a snapshot');
  const end = file.indexOf('\n', MAGIC.length);
  const head = header.parse(JSON.parse(file.toString('utf8', MAGIC.length, end)));
  const body = file.subarray(end + 1);
  if (digest(body) !== head.checksum) throw new SnapshotError('it is damaged: the checksum is wrong');
  if (head.owner !== owner) throw new SnapshotError('it belongs to another environment');
  if (head.encryption === undefined && secret !== undefined) throw new SnapshotError('it is not encrypted');
  if (head.encryption !== undefined && secret === undefined)
    throw new SnapshotError('it is encrypted, and there is no key');
  const plain = head.encryption === undefined ? body : decrypt(body, head, secret ?? '');
  const text = await inflate(plain, { maxOutputLength: MAX_SNAPSHOT_BYTES });
  return { savedAt: head.savedAt, text: text.toString('utf8') };
}

function encrypt(plain: Buffer, secret: string, savedAt: number, owner: string) {
  const salt = randomBytes(SALT_BYTES);
  const { body, iv, tag } = seal(plain, keyOf(secret, salt), associated(savedAt, owner));
  const hex = (bytes: Buffer) => bytes.toString('hex');
  return { body, encryption: { salt: hex(salt), iv: hex(iv), tag: hex(tag) } };
}

function decrypt(body: Buffer, head: z.output<typeof header>, secret: string): Buffer {
  const { salt, iv, tag } = head.encryption ?? { salt: Buffer.of(), iv: Buffer.of(), tag: Buffer.of() };
  try {
    return unseal({ iv, tag, body }, keyOf(secret, salt), associated(head.savedAt, head.owner));
  } catch (cause) {
    throw new SnapshotError('it was encrypted with another key, or its head was changed', { cause });
  }
}

function associated(savedAt: number, owner: string): Buffer {
  return Buffer.from(`${MAGIC}${savedAt}\n${owner}`);
}

function keyOf(secret: string, salt: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, salt, 'flagrelay snapshot', 32));
}

function digest(body: Buffer): string {
  return createHash('sha256').update(body).digest('hex');
}

/** The items' own texts, tombstones included: they keep their version. */
function documentOf({ flags, segments }: DataSet): string {
  const object = (items: ReadonlyMap<string, Item>): string =>
    [...items].map(([key, item]) => `${JSON.stringify(key)}:${item.json}`).join(',');
  return `{"flags":{${object(flags)}},"segments":{${object(segments)}}}`;
}
