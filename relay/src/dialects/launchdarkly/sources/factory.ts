import type { Dispatcher } from 'undici';
import type { RelayConfig } from '../../../config/document.ts';
import { holdDocument } from '../../../config/held-document.ts';
import type { ConfigWatch } from '../../../config/load.ts';
import type { DefinitionSource, EnvironmentDefinition } from '../../../environment/definition.ts';
import type { Source } from '../../../environment/source.ts';
import type { StartupError } from '../../../errors.ts';
import type { Absences } from '../../../files/absences.ts';
import type { FileWatch } from '../../../files/watch.ts';
import type { Logger } from '../../../telemetry/logger.ts';
import { createConfiguredDefinitions, type DefinitionsMemory } from './configured/definitions.ts';
import { createFileSource } from './file.ts';
import { createStreamSource } from './stream/stream.ts';

/** Where the list of environments and each environment's data come from. */
export interface Feeds {
  readonly definitions: DefinitionSource;
  /** Makes the source of one environment. */
  createSource(definition: EnvironmentDefinition, logger: Logger): Source;
}

/** What feeds need. */
export interface FeedDeps {
  readonly logger: Logger;
  readonly dispatcher: Dispatcher;
  readonly watch?: ConfigWatch;
  /** The configuration document was read again and taken over. */
  readonly onReload?: () => void;
  /** It was read again and has mistakes. */
  readonly onRejected?: () => void;
  /** A changed SDK key or mobile key was taken up from its file. */
  readonly onRotated?: () => void;
  /** Other parts of the document wait for a restart than before. */
  readonly onHeld?: (parts: readonly string[]) => void;
  /** Keeps which files are missing. */
  readonly absences?: Absences;
  /** What ran before in this process. */
  readonly memory?: DefinitionsMemory;
  readonly fatal: (error: StartupError) => void;
}

/**
 * Picks where environments come from: an archive, AutoConfig, or the configuration (contract 9.3). What is not used is not
 * loaded.
 */
export async function createFeeds(config: RelayConfig, deps: FeedDeps): Promise<Feeds> {
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
    const { streamUri } = config.upstream;
    const definitions = createAutoConfig(config.autoConfig, {
      streamUri,
      dispatcher,
      logger,
      onFatal: deps.fatal,
      ...(maxEventBytes === undefined ? {} : { maxEventLength: maxEventBytes }),
      ...(deps.absences === undefined ? {} : { onAbsent: deps.absences.hook('autoConfigKey') }),
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

/** Environments that come from elsewhere than the document: a change of the document is told, and waits for a restart. */
function withHeldDocument(definitions: DefinitionSource, config: RelayConfig, deps: FeedDeps): DefinitionSource {
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
