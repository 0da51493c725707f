import { stat } from 'node:fs/promises';
import type { RelayConfig } from '../../../../config/document.ts';
import type { DefinitionChanges, DefinitionSink, DefinitionSource } from '../../../../environment/definition.ts';
import type { Source } from '../../../../environment/source.ts';
import { StartupError } from '../../../../errors.ts';
import { jobEvery } from '../../../../jobs/jobs.ts';
import { memoryLimitBytes } from '../../../../memory/limit.ts';
import { refuseInto } from '../../../../store/refused-items.ts';
import type { Logger } from '../../../../telemetry/logger.ts';
import type { EnvironmentDefinition } from '../../model/definition.ts';
import { definitionOfRep, succeed } from '../environment-rep.ts';
import { createFeeds } from './feeds.ts';
import { ArchiveError } from './format.ts';
import { type Archive, type ArchivedEnvironment, readArchive } from './read.ts';
import { archiveLimits } from './unpack.ts';

/** Dependencies of offline mode. */
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
 * look tries again, so that a copy that was in progress heals by itself.
 */
export function createArchive(config: NonNullable<RelayConfig['offline']>, deps: ArchiveDeps): ArchiveSource {
  const { logger } = deps;
  const { archiveFile } = config;
  const limits = archiveLimits(memoryLimitBytes(), config);
  const feeds = createFeeds();
  const environments = new Map<string, ArchivedEnvironment>();
  let sink: DefinitionSink | undefined;
  /** The sink has the list of the first archive. */
  let listed = false;
  /** How many broken environments the sink knows of. */
  let brokenTold = 0;
  /** Size and time of what was loaded last, without mistakes. */
  let loaded = '';
  let lastProblem = '';
  let timer: NodeJS.Timeout | undefined;
  let working: Promise<void> | undefined;

  /** Takes an archive over, and returns what of the list of environments is different. */
  function merge(archive: Archive): DefinitionChanges<EnvironmentDefinition> {
    for (const [id, reason] of archive.broken)
      logger.error('an environment of the archive is broken', { envId: id, reason });
    const removed = [...environments.keys()].filter((id) => !archive.environments.has(id) && !archive.broken.has(id));
    for (const id of removed) environments.delete(id);
    const changed: EnvironmentDefinition[] = [];
    for (const [id, next] of archive.environments) {
      const before = environments.get(id);
      // The description counts by its version, the data by its id; each without the other.
      const sameRep = before !== undefined && before.rep.version === next.rep.version;
      const rep = before === undefined ? next.rep : sameRep ? before.rep : succeed(before.rep, next.rep, Date.now());
      const sameData = before !== undefined && before.dataId === next.dataId;
      const { data, dataDigest } = sameData ? before : next;
      environments.set(id, { rep, dataId: next.dataId, data, dataDigest });
      if (!sameData) feeds.set(id, next.data);
      if (!sameRep) changed.push(definitionOfRep(rep, config));
    }
    feeds.keep(new Set(environments.keys()));
    return { removed, changed };
  }

  /** Data first: an environment that is new has it when it starts. */
  function apply(archive: Archive): void {
    const changes = merge(archive);
    if (archive.broken.size > 0 || brokenTold > 0) sink?.refused?.(archive.broken);
    brokenTold = archive.broken.size;
    if (listed) sink?.change(changes);
    else sink?.replace(changes.changed);
    listed = true;
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
      const archive = await readArchive(archiveFile, refuseInto(logger), limits, environments);
      if (!sink) return;
      loaded = now;
      lastProblem = '';
      deps.onAbsent?.(undefined);
      apply(archive);
      logger.info('serving the archive', { file: archiveFile, environments: environments.size });
    } catch (error) {
      const problem = problemOf(error);
      // The same trouble at every look is reported once.
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
