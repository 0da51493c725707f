import type { RelayConfig } from '../config/document.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { type Family, NO_OUTLET, type Unserved } from '../environment/outlet.ts';
import { StartupError } from '../errors.ts';
import type { Logger } from '../telemetry/logger.ts';
import { createUpstreamDispatcher } from '../upstream/dispatcher.ts';
import { openEnvironments } from './environments.ts';

/** How often the environments are looked at, in ms. */
const LOOK_MS = 50;

/** See {@link runOnce}. */
export interface OneShotDeps<F extends Family> {
  readonly dialect: Dialect<F>;
  readonly logger: Logger;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Fills the store of every environment once, without listening (ld-relay's `exitAlways`, contract 9.1).
 * @throws {StartupError} that names the environments that got no data within the init timeout
 */
export async function runOnce<F extends Family>(
  config: RelayConfig,
  { dialect, logger, env }: OneShotDeps<F>,
): Promise<void> {
  await using closers = new AsyncDisposableStack();
  const dispatcher = createUpstreamDispatcher(config.upstream.proxy, env);
  closers.defer(() => dispatcher.close());
  const fatal: StartupError[] = [];
  const feeds = await dialect.createFeeds(config, { logger, dispatcher, fatal: (error) => fatal.push(error) });
  const { registry } = closers.use(
    await openEnvironments<Unserved<F>>(config, {
      dialect,
      logger,
      feeds,
      // What an earlier run left on disk is not what upstream says now.
      withSnapshots: false,
      openOutlet: () => NO_OUTLET,
      changed: () => {},
    }),
  );
  closers.defer(() => feeds.definitions.close());
  await feeds.definitions.start(registry);
  const settled = () => registry.listed && [...registry.environments()].every((environment) => environment.settled);
  while (!settled() && fatal.length === 0) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  if (fatal[0] !== undefined) throw fatal[0];
  // With an endless cache the data may be in memory while the database is down.
  const failed = [...registry.environments()].filter(
    ({ initialised, store }) => !initialised || store.status().state === 'INTERRUPTED',
  );
  if (failed.length > 0) {
    throw new StartupError(`no data for ${failed.map(({ definition }) => definition.name).join(', ')}`);
  }
  logger.info('every environment was filled', { environments: registry.size });
}
