import { hash } from 'node:crypto';
import * as z from 'zod';
import type { DataSet, RefuseItem } from '../../../../data/data.ts';
import { parseDataSet } from '../../model/parse.ts';
import { type EnvironmentRep, environmentRep } from '../environment-rep.ts';
import { describeIssues, lenientObject } from '../members.ts';
import { ArchiveError, CHECKSUM_FILE, checksum, dataFile } from './format.ts';
import { type ArchiveLimits, unpack } from './unpack.ts';

/** One environment of an archive. */
export interface ArchivedEnvironment {
  readonly rep: EnvironmentRep;
  /** Changes when the data does (contract 7). */
  readonly dataId: string;
  readonly data: DataSet;
  /** Digest of the file that `data` were read from. */
  readonly dataDigest: string;
}

/** What is known of environments from the archive before. */
export type FormerEnvironments = ReadonlyMap<string, Pick<ArchivedEnvironment, 'data' | 'dataDigest'>>;

/** What an archive holds. */
export interface Archive {
  readonly environments: ReadonlyMap<string, ArchivedEnvironment>;
  /** IDs of environments whose files cannot be read, with the reason; the others are good. */
  readonly broken: ReadonlyMap<string, string>;
}

/** A missing `dataId` identifies nothing: the data are then told apart by their content. */
const description = lenientObject({ env: environmentRep, dataId: z.string().default('') });

/**
 * Reads an archive from disk. Throws {@link ArchiveError} when it cannot be used as a whole, and the error of `node:fs`.
 * @param former data whose file has the same bytes as before are taken from here: reading a file costs less than parsing it
 */
export async function readArchive(
  path: string,
  refuse?: RefuseItem,
  limits?: ArchiveLimits,
  former?: FormerEnvironments,
): Promise<Archive> {
  return readArchiveFiles(await unpack(path, limits), refuse, former);
}

/** Reads the files of an archive (contract 7). Throws {@link ArchiveError} for a missing or wrong checksum, no environments, or an environment without data. */
export function readArchiveFiles(
  files: ReadonlyMap<string, Buffer>,
  refuse?: RefuseItem,
  former?: FormerEnvironments,
): Archive {
  const expected = files.get(CHECKSUM_FILE);
  if (!expected) throw new ArchiveError(`it has no ${CHECKSUM_FILE}`);
  if (!checksum(files).equals(expected)) throw new ArchiveError(`its content does not match ${CHECKSUM_FILE}`);
  const ids = [...files.keys()]
    .filter((name) => name.endsWith('.json') && !name.endsWith('-data.json'))
    .map((name) => name.slice(0, -'.json'.length));
  if (ids.length === 0) throw new ArchiveError('it holds no environments');
  const environments = new Map<string, ArchivedEnvironment>();
  const broken = new Map<string, string>();
  for (const id of ids) {
    const data = files.get(dataFile(id));
    if (!data) throw new ArchiveError(`${dataFile(id)} is missing`);
    try {
      const { env, dataId } = description.parse(JSON.parse((files.get(`${id}.json`) ?? '').toString()));
      const dataDigest = hash('sha256', data);
      const before = former?.get(env.envID);
      environments.set(env.envID, {
        rep: env,
        dataId: dataId === '' ? dataDigest : dataId,
        data: before?.dataDigest === dataDigest ? before.data : parseDataSet(data.toString('utf8'), refuse),
        dataDigest,
      });
    } catch (error) {
      broken.set(id, reasonOf(error));
    }
  }
  return { environments, broken };
}

/** In words, without any content: it may be a key. */
function reasonOf(error: unknown): string {
  if (error instanceof z.ZodError) {
    return describeIssues(error);
  }
  return error instanceof SyntaxError ? 'not valid JSON' : (error as Error).message;
}
