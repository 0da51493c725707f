import * as z from 'zod';
import { IV_BYTES, seal, TAG_BYTES, unseal } from '../../../../encoding/sealed.ts';
import type { Logger } from '../../../../telemetry/logger.ts';
import { storedEnvironmentRep } from '../environment-rep.ts';
import { keyOf, type ListCache } from './cache.ts';
import type { StoredList } from './list.ts';
import { filterRep } from './message.ts';

/** Encrypted entries of a list in a database, by name. */
export type Entries = ReadonlyMap<string, Buffer>;

/** Where the entries of one list are, in a database that others use too. Every method throws StoreError. */
export interface EntryTable {
  /** For the log. */
  readonly name: string;
  read(): Promise<Entries>;
  /** Replaces all. */
  write(entries: Entries): Promise<void>;
  close(): Promise<void>;
}

/** The form of ld-relay 8.19 to 9.0. */
const MODEL_VERSION = 2;

const envelope = z.object({ kind: z.string(), modelVersion: z.number(), data: z.unknown() });

/**
 * The list as ld-relay 9 keeps it in a database: an entry for each environment (`env:ID`) and payload filter (`filter:ID`), each
 * encrypted by itself with AES-256-GCM under the SHA-256 of the secret, so that both kinds of relay read what either wrote. Entries in
 * another form, or of another secret, are left out.
 */
export function createSharedCache(table: EntryTable, logger: Logger): ListCache {
  return {
    name: table.name,
    async read(secret) {
      const entries = await table.read();
      if (entries.size === 0) return undefined;
      const { list, skipped } = decodeEntries(entries, secret);
      for (const [name, reason] of skipped) {
        logger.warn('an entry of the shared list of environments is left out', { cache: table.name, name, reason });
      }
      return list.environments.length === 0 ? undefined : list;
    },
    write: (list, secret) => table.write(encodeEntries(list, secret)),
    close: () => table.close(),
  };
}

/** The entries of a list. */
export function encodeEntries({ environments, filters }: StoredList, secret: string): Entries {
  const entry = (kind: string, data: object): Buffer =>
    encrypt(JSON.stringify({ kind, modelVersion: MODEL_VERSION, data }), secret);
  return new Map([
    ...environments.map((one) => [`env:${one.envID}`, entry('environment', one)] as const),
    ...filters.map(({ id, ...filter }) => [`filter:${id}`, entry('filter', filter)] as const),
  ]);
}

/** The list of entries, and why others are left out. */
export function decodeEntries(
  entries: Entries,
  secret: string,
): { readonly list: StoredList; readonly skipped: ReadonlyMap<string, string> } {
  const environments: StoredList['environments'][number][] = [];
  const filters: StoredList['filters'][number][] = [];
  const skipped = new Map<string, string>();
  // A hash has no order.
  for (const [name, bytes] of [...entries].sort(([a], [b]) => (a < b ? -1 : 1))) {
    try {
      const { modelVersion, data } = envelope.parse(JSON.parse(decrypt(bytes, secret)));
      const id = name.slice(name.indexOf(':') + 1);
      if (modelVersion !== MODEL_VERSION) skipped.set(name, `its model version is ${modelVersion}`);
      else if (name.startsWith('filter:')) filters.push({ ...filterRep.parse(data), id });
      else if (name.startsWith('env:')) {
        const environment = storedEnvironmentRep.parse(data);
        if (environment.envID === id) environments.push(environment);
        else skipped.set(name, 'its name and ID differ');
      } else skipped.set(name, 'it is of an unknown kind');
    } catch {
      // What is wrong would quote keys.
      skipped.set(name, 'it is damaged, or was written with another key');
    }
  }
  return { list: { environments, filters }, skipped };
}

function encrypt(text: string, secret: string): Buffer {
  const { iv, tag, body } = seal(text, keyOf(secret.trim()));
  return Buffer.concat([iv, body, tag]);
}

/** @throws Error for bytes that were not encrypted with this secret */
function decrypt(bytes: Buffer, secret: string): string {
  const iv = bytes.subarray(0, IV_BYTES);
  const body = bytes.subarray(IV_BYTES, -TAG_BYTES);
  return unseal({ iv, tag: bytes.subarray(-TAG_BYTES), body }, keyOf(secret.trim())).toString('utf8');
}
