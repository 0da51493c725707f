import type { Dispatcher } from 'undici';
import type { RelayConfig } from '../config/document.ts';
import type { EnvironmentDefinition } from '../environment/definition.ts';
import type { Logger } from '../telemetry/logger.ts';
import { createFileSource } from './file.ts';
import { createStreamSource } from './launchdarkly/stream.ts';
import type { Source } from './source.ts';

/** Makes the source of one environment: its data file, or LaunchDarkly's stream. The definition has one of the two. */
export function createSource(
  config: RelayConfig,
  dispatcher: Dispatcher,
  definition: EnvironmentDefinition,
  logger: Logger,
): Source {
  if (definition.dataFile !== undefined) return createFileSource({ path: definition.dataFile, logger });
  return createStreamSource({
    uri: config.upstream.streamUri,
    sdkKey: definition.sdkKey ?? '',
    ...(definition.filterKey === undefined ? {} : { filterKey: definition.filterKey }),
    dispatcher,
    logger,
  });
}
