import type { RelayConfig } from '../../../config/document.ts';
import { holdDocument } from '../../../config/held-document.ts';
import { loadJsonDocument } from '../../../config/load.ts';
import { noProblems } from '../../../config/problems.ts';
import { hasOtherOrigin } from '../../../config/restart-parts.ts';
import type { DefinitionSource } from '../../../environment/definition.ts';
import type { Source } from '../../../environment/source.ts';
import type { FileWatch } from '../../../files/watch.ts';
import type { Logger } from '../../../telemetry/logger.ts';
import type { FeedDeps, Feeds } from '../../dialect.ts';
import type { EnvironmentDefinition } from '../model/definition.ts';
import { createConfiguredDefinitions, type DefinitionsMemory } from './configured/definitions.ts';
import { withPlace } from './configured/succession.ts';
import { createFileSource } from './file.ts';
import { createStreamSource } from './stream/stream.ts';

/** What ran before in this process; only where it ends and begins to serve again. */
interface Memory {
  readonly memory?: DefinitionsMemory;
}

/**
 * Picks where environments come from: an archive, AutoConfig, or the configuration (contract 9.3). What is not used is not
 * loaded.
 */
export async function createFeeds(config: RelayConfig, deps: FeedDeps & Memory): Promise<Feeds<EnvironmentDefinition>> {
  const { logger, dispatcher } = deps;
  if (config.offline !== undefined) {
    const { createArchive } = await import('./archive/source.ts');
    const onAbsent = deps.absences?.hook('archive');
    const archive = createArchive(config.offline, { logger, ...(onAbsent === undefined ? {} : { onAbsent }) });
    return { definitions: withHeldDocument(archive, config, deps), createSource: ({ id }) => archive.sourceFor(id) };
  }
  const { maxEventBytes } = config.upstream;
  const createSource = (definition: EnvironmentDefinition, log: Logger): Source =>
    definition.dataFile !== undefined
      ? createFileSource({ path: definition.dataFile, logger: log })
      : createStreamSource({
          uri: config.upstream.streamUri,
          sdkKey: definition.sdkKey ?? '',
          ...(definition.filterKey === undefined ? {} : { filterKey: definition.filterKey }),
          dispatcher,
          logger: log,
          ...(maxEventBytes === undefined ? {} : { maxEventLength: maxEventBytes }),
        });
  if (config.autoConfig !== undefined) {
    const { createAutoConfig } = await import('./autoconfig/source.ts');
    const { openEntryTable } = await import('./autoconfig/entry-table.ts');
    const { createSharedCache } = await import('./autoconfig/shared-cache.ts');
    const table = await openEntryTable(config, logger);
    const { streamUri } = config.upstream;
    const definitions = createAutoConfig(config.autoConfig, {
      streamUri,
      dispatcher,
      logger,
      onFatal: deps.fatal,
      ...(maxEventBytes === undefined ? {} : { maxEventLength: maxEventBytes }),
      ...(deps.absences === undefined ? {} : { onAbsent: deps.absences.hook('autoConfigKey') }),
      ...(table === undefined ? {} : { sharedCache: createSharedCache(table, logger) }),
    });
    return { definitions: withHeldDocument(definitions, config, deps), createSource };
  }
  const definitions = createConfiguredDefinitions(config, logger, {
    ...(deps.watch === undefined ? {} : { watch: deps.watch }),
    ...(deps.onReload === undefined ? {} : { onReload: deps.onReload }),
    ...(deps.onRejected === undefined ? {} : { onRejected: deps.onRejected }),
    ...(deps.onRotated === undefined ? {} : { onRotated: deps.onRotated }),
    ...(deps.onHeld === undefined ? {} : { onHeld: deps.onHeld }),
    ...(deps.memory === undefined ? {} : { memory: deps.memory }),
    ...(deps.absences === undefined ? {} : { onAbsent: deps.absences.hook('config') }),
  });
  return { definitions, createSource };
}

/**
 * {@link createFeeds} for the process that is active from time to time in daemon mode: a Secret that is gone when it becomes active
 * again is no reason to forget its keys, and its environments are those that the document names by then.
 */
export function recurringFeeds(): typeof createFeeds {
  const memory: DefinitionsMemory = { running: [] };
  return (config, deps) => createFeeds(newest(config, deps, memory), { ...deps, memory });
}

/** The configuration with the environments that its document has now: a stand-by may have waited for days. */
function newest(config: RelayConfig, { watch, logger }: FeedDeps, memory: DefinitionsMemory): RelayConfig {
  if (watch === undefined) return config;
  const problems = noProblems();
  const next = loadJsonDocument(watch.path, problems, config);
  if (next === undefined) {
    logger.error('the changed configuration is not used', { problem: problems.mistakes.join('; ') });
    return config;
  }
  // Another origin of environments takes effect at a restart: until then those that there were go on.
  if (hasOtherOrigin(next)) {
    const ran = memory.running.map((one) => one.config);
    return ran.length === 0 ? config : { ...config, environments: ran };
  }
  // No store is open now, so that nothing holds an environment to the place that it had.
  const places = new Map(next.environments.map((one) => [one.name, one]));
  memory.running = memory.running.map((one) => {
    const config = withPlace(one.config, places.get(one.config.name) ?? one.config);
    return { ...one, config };
  });
  return { ...config, environments: next.environments, filters: next.filters };
}

/** Environments that come from elsewhere than the document: a change of the document is reported, and waits for a restart. */
function withHeldDocument(
  definitions: DefinitionSource<EnvironmentDefinition>,
  config: RelayConfig,
  deps: FeedDeps,
): DefinitionSource<EnvironmentDefinition> {
  const { watch, logger, onHeld, absences } = deps;
  if (watch === undefined) return definitions;
  let held: FileWatch | undefined;
  return {
    async start(sink) {
      held = holdDocument(config, logger, {
        watch,
        ...(onHeld === undefined ? {} : { onHeld }),
        ...(absences === undefined ? {} : { onAbsent: absences.hook('config') }),
      });
      await definitions.start(sink);
    },
    async close() {
      held?.close();
      await definitions.close();
    },
  };
}
