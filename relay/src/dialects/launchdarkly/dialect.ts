import type { Logger } from '../../telemetry/logger.ts';
import type { Dialect, OutletDeps } from '../dialect.ts';
import { createBigSegmentStore } from './bigsegments/store.ts';
import { compile } from './evaluation/compile.ts';
import { itemCodec } from './model/codec.ts';
import { definitionRules } from './model/credentials.ts';
import type { EnvironmentDefinition } from './model/definition.ts';
import { bigSegmentsOnly, type LaunchDarkly, LaunchDarklyOutlet, type OpenBigSegments } from './outlet/outlet.ts';
import { createFeeds, recurringFeeds } from './sources/factory.ts';

/** LaunchDarkly: FDv1 and FDv2 towards SDKs, AutoConfig, archives, big segments and events towards its services. */
export const launchDarkly: Dialect<LaunchDarkly> = {
  name: 'launchdarkly',
  codec: itemCodec,
  rules: definitionRules,
  compile,
  createFeeds,
  recurringFeeds,
  openOutlet: (environment, deps, hub) =>
    new LaunchDarklyOutlet(
      hub,
      bigSegmentsOf(() => environment.definition, environment.logger, deps),
      () => deps.noticed(environment.id),
    ),
  openKeeper(definition, logger, deps) {
    const open = bigSegmentsOf(definition, logger, deps);
    return open === undefined ? undefined : bigSegmentsOnly(open(() => deps.noticed(definition().id)));
  },
  serve: async (deps) => (await import('./serve.ts')).serveLaunchDarkly(deps),
};

/** Only a database holds big segments. */
function bigSegmentsOf(
  definition: () => EnvironmentDefinition,
  logger: Logger,
  { config, connection, dispatcher, follower }: OutletDeps,
): OpenBigSegments | undefined {
  if (connection === undefined) return undefined;
  return (changed) => createBigSegmentStore({ config, definition, connection, dispatcher, changed, logger, follower });
}
