import type { RelayConfig } from '../config/document.ts';
import { compile } from '../dialects/launchdarkly/evaluation/compile.ts';
import { createFeeds } from '../dialects/launchdarkly/sources/factory.ts';
import { Registry } from '../environment/registry.ts';
import { StartupError } from '../errors.ts';
import { createStores } from '../store/factory.ts';
import { Hub } from '../streams/hub.ts';
import type { Logger } from '../telemetry/logger.ts';
import { createUpstreamDispatcher } from '../upstream/dispatcher.ts';

/** How often the environments are looked at, in ms. */
const LOOK_MS = 50;

/**
 * Fills the store of every environment once, without listening (ld-relay's `exitAlways`, contract 9.1).
 * @throws {StartupError} that names the environments that got no data within the init timeout
 */
export async function runOnce(config: RelayConfig, logger: Logger, env: NodeJS.ProcessEnv): Promise<void> {
  const dispatcher = createUpstreamDispatcher(config.upstream.proxy, env);
  const fatal: StartupError[] = [];
  const feeds = await createFeeds(config, { logger, dispatcher, fatal: (error) => fatal.push(error) });
  const nothing = (): void => {};
  const hub = new Hub({
    ...config.streaming,
    heartbeatMs: 0,
    metrics: { opened: nothing, closed: nothing, cut: nothing, rebalanced: nothing, delivered: nothing },
  });
  // What an earlier run left on disk is not what upstream says now.
  const { snapshot: _, ...withoutSnapshot } = config;
  const stores = await createStores(withoutSnapshot, { compile, dispatcher, logger });
  const registry = new Registry(
    {
      hub,
      logger,
      initTimeoutMs: config.upstream.initTimeoutMs,
      createSource: (definition, log) => feeds.createSource(definition, log),
      createStore: stores.create,
      initTimedOut: nothing,
      changed: nothing,
    },
    logger,
    config.credentialCleanupMs,
  );
  try {
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
  } finally {
    await feeds.definitions.close();
    await registry.close();
    await stores.close();
    hub.close();
    await dispatcher.close();
  }
}
