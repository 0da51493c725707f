import { createHash } from 'node:crypto';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataSet } from '../../data/data.ts';
import type { RefuseItem } from '../../dialects/launchdarkly/model/parse.ts';
import type { EnvironmentDefinition } from '../../environment/definition.ts';
import { writeFileAtomically } from '../../files/atomic.ts';
import { decodeSnapshot, encodeSnapshot, MAX_SNAPSHOT_BYTES, type Snapshot, SnapshotError } from './format.ts';

/** Where the snapshots of one environment are. */
export interface SnapshotFile {
  readonly path: string;
  /** The last snapshot; undefined when there is none. @param refuse takes items that cannot be used. @throws SnapshotError, or the error of `node:fs` */
  read(refuse?: RefuseItem): Promise<Snapshot | undefined>;
  /** @throws SnapshotError, or the error of `node:fs` */
  write(data: DataSet, savedAt: number): Promise<void>;
}

/**
 * The snapshot file of an environment in a folder, which is made when it is missing.
 * @param definition the environment as it is now: the next run looks for it by the name and key that it has by then
 */
export function snapshotFile(
  directory: string,
  definition: () => EnvironmentDefinition,
  secret?: string,
): SnapshotFile {
  // Names may hold any character, and AutoConfig's come from outside.
  const path = (): string => join(directory, `${digest('file', definition().name).slice(0, 32)}.snapshot`);
  return {
    get path() {
      return path();
    },
    read: async (refuse) => {
      const owner = ownerOf(definition());
      const file = await readBounded(path());
      return file === undefined ? undefined : decodeSnapshot(file, owner, secret, refuse);
    },
    write: async (data, savedAt) => {
      const [target, owner] = [path(), ownerOf(definition())];
      const bytes = await encodeSnapshot({ savedAt, data }, owner, secret);
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await writeFileAtomically(target, bytes);
    },
  };
}

/** The client-side ID never changes; without one it is the SDK key, and a new key begins anew. */
function ownerOf({ envId, sdkKey, filterKey }: EnvironmentDefinition): string {
  const identity = envId === undefined ? `key ${sdkKey ?? ''}` : `id ${envId}`;
  return digest('owner', `${identity}\n${filterKey ?? ''}`);
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
