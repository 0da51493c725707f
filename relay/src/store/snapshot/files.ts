import { createHash } from 'node:crypto';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataSet, RefuseItem } from '../../data/data.ts';
import { writeFileAtomically } from '../../files/atomic.ts';
import type { ItemCodec } from '../codec.ts';
import { decodeSnapshot, encodeSnapshot, MAX_SNAPSHOT_BYTES, type Snapshot, SnapshotError } from './format.ts';

/** Where the snapshots of one environment are. */
export interface SnapshotFile {
  readonly path: string;
  /** The last snapshot; undefined when there is none. @param refuse takes items that cannot be used. @throws SnapshotError, or the error of `node:fs` */
  read(refuse?: RefuseItem): Promise<Snapshot | undefined>;
  /** @throws SnapshotError, or the error of `node:fs` */
  write(data: DataSet, savedAt: number): Promise<void>;
}

/** Whose data they are. */
export interface SnapshotOwner {
  readonly name: string;
  /** What the environment is at its upstream: another one under the same name gets nothing. */
  readonly identity: string;
}

/**
 * The snapshot file of an environment in a folder, which is made when it is missing.
 * @param owner the environment as it is now: the next run looks for it by the name and identity that it has by then
 */
export function snapshotFile(
  directory: string,
  owner: () => SnapshotOwner,
  codec: Pick<ItemCodec, 'parse'>,
  secret?: string,
): SnapshotFile {
  // Names may hold any character, and AutoConfig's come from outside.
  const path = (): string => join(directory, `${digest('file', owner().name).slice(0, 32)}.snapshot`);
  return {
    get path() {
      return path();
    },
    read: async (refuse) => {
      const expected = digest('owner', owner().identity);
      const file = await readBounded(path());
      return file === undefined ? undefined : decodeSnapshot(file, codec, expected, secret, refuse);
    },
    write: async (data, savedAt) => {
      const [target, keeper] = [path(), digest('owner', owner().identity)];
      const bytes = await encodeSnapshot({ savedAt, data }, keeper, secret);
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await writeFileAtomically(target, bytes);
    },
  };
}

function digest(purpose: string, text: string): string {
  return createHash('sha256').update(`flagrelay snapshot ${purpose}\n${text}`).digest('hex');
}

async function readBounded(path: string): Promise<Buffer | undefined> {
  let file: Awaited<ReturnType<typeof open>>;
  try {
    file = await open(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const { size } = await file.stat();
    if (size > MAX_SNAPSHOT_BYTES) throw new SnapshotError(`the file has more than ${MAX_SNAPSHOT_BYTES} bytes`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}
