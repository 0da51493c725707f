import { stat } from 'node:fs/promises';
import type { RelayConfig } from '../../../../config/document.ts';
import type { DefinitionSink, DefinitionSource } from '../../../../environment/definition.ts';
import type { Source } from '../../../../environment/source.ts';
import { StartupError } from '../../../../errors.ts';
import { jobEvery } from '../../../../jobs/jobs.ts';
import { memoryLimitBytes } from '../../../../memory/limit.ts';
import { refuseInto } from '../../../../store/refused-items.ts';
import type { Logger } from '../../../../telemetry/logger.ts';
import { definitionOfRep, succeed } from '../environment-rep.ts';
import { createFeeds } from './feeds.ts';
import { ArchiveError } from './format.ts';
import { type Archive, type ArchivedEnvironment, readArchive } from './read.ts';
import { archiveLimits } from './unpack.ts';

/** What offline mode needs. */
export interface ArchiveDeps {
  readonly logger: Logger;
  /** Called at each look with why the archive cannot be used; undefined while it can be. */
  readonly onAbsent?: (problem: string | undefined) => void;
}

/** Environments from an archive, and their data. */
export interface ArchiveSource extends DefinitionSource {
  /** The data of the environment with this definition id; follows the archive. */
  sourceFor(id: string): Source;
}

/**
 * Offline mode: environments and data come from an archive that is looked at every `reloadMs` (contract 7). `start`
 * throws a StartupError when the archive cannot be used; later a bad one is reported, the last good one stays, and each
 * look tries again, so that a copy that was under way heals by itself.
 */
export function createArchive(config: NonNullable<RelayConfig['offline']>, deps: ArchiveDeps): ArchiveSource {
  const { logger } = deps;
  const { archiveFile } = config;
  const limits = archiveLimits(memoryLimitBytes(), config);
  const feeds = createFeeds();
  const environments = new Map<string, ArchivedEnvironment>();
  let sink: DefinitionSink | undefined;
  /** Size and time of what was loaded last, without mistakes. */
  let loaded = '';
  let lastProblem = '';
  let timer: NodeJS.Timeout | undefined;
  let working: Promise<void> | undefined;

  function apply(archive: Archive): void {
    for (const [id, reason] of archive.broken)
      logger.error('an environment of the archive is broken', { envId: id, reason });
    for (const id of [...environments.keys()]) {
      if (!archive.environments.has(id) && !archive.broken.has(id)) environments.delete(id);
    }
    for (const [id, next] of archive.environments) {
      const before = environments.get(id);
      // The description counts by its version, the data by its id; each without the other.
      const sameRep = before !== undefined && before.rep.version === next.rep.version;
      const rep = before === undefined ? next.rep : sameRep ? before.rep : succeed(before.rep, next.rep, Date.now());
      const sameData = before !== undefined && before.dataId === next.dataId;
      environments.set(id, { rep, dataId: next.dataId, data: sameData ? before.data : next.data });
      if (!sameData) feeds.set(id, next.data);
    }
    // Data first: an environment that is new has it when it starts.
    feeds.keep(new Set(environments.keys()));
    sink?.refused?.(archive.broken);
    sink?.replace([...environments.values()].map(({ rep }) => definitionOfRep(rep, config)));
  }

  async function fingerprint(): Promise<string> {
    const { mtimeMs, size, ino } = await stat(archiveFile);
    return `${mtimeMs} ${size} ${ino}`;
  }

  async function look(): Promise<void> {
    try {
      const now = await fingerprint();
      if (now === loaded) {
        lastProblem = '';
        deps.onAbsent?.(undefined);
        return;
      }
      const archive = await readArchive(archiveFile, refuseInto(logger), limits);
      if (!sink) return;
      loaded = now;
      lastProblem = '';
      deps.onAbsent?.(undefined);
      apply(archive);
      logger.info('serving the archive', { file: archiveFile, environments: environments.size });
    } catch (error) {
      const problem = problemOf(error);
      // The same trouble at every look is told once.
      if (problem !== lastProblem) logger.error('the changed archive is not used', { file: archiveFile, problem });
      lastProblem = problem;
      deps.onAbsent?.(problem);
    }
  }

  function schedule(): void {
    timer = jobEvery('archive-look', config.reloadMs, () => {
      // A look that takes longer than the interval is not overtaken.
      working ??= look().finally(() => {
        working = undefined;
      });
      return working;
    });
    timer.unref();
  }

  return {
    async start(target) {
      sink = target;
      try {
        loaded = await fingerprint();
        apply(await readArchive(archiveFile, refuseInto(logger), limits));
      } catch (error) {
        throw new StartupError(`cannot use the archive ${archiveFile}: ${problemOf(error)}`, { cause: error });
      }
      logger.info('serving the archive', { file: archiveFile, environments: environments.size });
      schedule();
    },
    sourceFor: (id) => feeds.sourceFor(id),
    async close() {
      sink = undefined;
      clearInterval(timer);
      await working;
    },
  };
}

function problemOf(error: unknown): string {
  if (error instanceof ArchiveError) return error.message;
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' ? 'it does not exist' : (code ?? message);
}
