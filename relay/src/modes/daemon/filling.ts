import type { Dispatcher } from 'undici';
import type { RelayConfig } from '../../config/document.ts';
import { loadJsonDocument } from '../../config/load.ts';
import { noProblems } from '../../config/problems.ts';
import { hasOtherOrigin } from '../../config/restart-parts.ts';
import { compile } from '../../dialects/launchdarkly/evaluation/compile.ts';
import type { DefinitionsMemory } from '../../dialects/launchdarkly/sources/configured/definitions.ts';
import { createFeeds } from '../../dialects/launchdarkly/sources/factory.ts';
import { rememberFirstList } from '../../environment/first-list.ts';
import { Registry } from '../../environment/registry.ts';
import { StartupError } from '../../errors.ts';
import type { Absences } from '../../files/absences.ts';
import { type ConfigFollower, followConfig } from '../../health/config-facts.ts';
import { createOverview, type Overview } from '../../health/overview.ts';
import { createStores } from '../../store/factory.ts';
import { Hub } from '../../streams/hub.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { VERSION } from '../../version.ts';
import type { RelayDeps } from '../proxy.ts';

/** What {@link startFilling} needs. */
export interface FillingDeps extends Pick<RelayDeps, 'logger' | 'watch' | 'fatal'> {
  readonly dispatcher: Dispatcher;
  readonly metrics: Metrics;
  /** False: hands off the store. */
  readonly allowed: () => boolean;
  /** Health, or the configuration, changed. */
  readonly changed: () => void;
  /** Keeps which files are missing. */
  readonly absences: Absences;
  /** What ran before in this process. */
  readonly memory: DefinitionsMemory;
}

/** Environments whose data go from upstream into the store. */
export interface Filling {
  readonly overview: Overview;
  /** What is reported of the configuration that is in force. */
  readonly configFacts: ConfigFollower['facts'];
  /** Ends the links to upstream, and then those to the store. */
  close(): Promise<void>;
}

const nothing = (): void => {};

/**
 * Opens the environments as a relay does, with nobody to serve: what is written to the store is the same.
 * @throws {StartupError} for settings that cannot be used; everything is closed again then
 */
export async function startFilling(startConfig: RelayConfig, deps: FillingDeps): Promise<Filling> {
  const { logger, dispatcher, metrics, changed } = deps;
  const followed = followConfig({ watch: deps.watch, configReloads: metrics.configReloads, changed });
  const config = newest(startConfig, deps);
  await using closers = new AsyncDisposableStack();
  const feeds = await createFeeds(config, { ...deps, ...followed.hooks });
  const hub = new Hub({
    ...config.streaming,
    heartbeatMs: 0,
    metrics: { opened: nothing, closed: nothing, cut: nothing, rebalanced: nothing, delivered: nothing },
  });
  closers.defer(() => hub.close());
  // What an earlier run left on disk is for clients, and there are none.
  const { snapshot: _, ...withoutSnapshot } = config;
  const stores = await createStores(withoutSnapshot, {
    compile,
    dispatcher,
    logger,
    allowed: deps.allowed,
    onAbsent: deps.absences.hook('redisCredentials'),
    timed: (operation, ms) => metrics.storeOperations.observe({ operation }, ms / 1000),
  });
  closers.defer(() => stores.close());
  const registry = new Registry(
    {
      hub,
      logger,
      initTimeoutMs: config.upstream.initTimeoutMs,
      createSource: (definition, log) => feeds.createSource(definition, log),
      createStore: stores.create,
      ...(stores.createBigSegments === undefined ? {} : { createBigSegments: stores.createBigSegments }),
      initTimedOut({ definition: { id, name } }) {
        if (config.upstream.onInitTimeout !== 'exit' || !sink.wasThere(id)) return;
        deps.fatal(new StartupError(`environment ${name} has no data after ${config.upstream.initTimeoutMs} ms`));
      },
      changed,
    },
    logger,
    config.credentialCleanupMs,
  );
  closers.defer(() => registry.close());
  const sink = rememberFirstList(registry);
  const overview = createOverview(registry, {
    version: VERSION,
    disconnectedAfterMs: config.upstream.disconnectedAfterMs,
    bigSegmentsStaleAsDegraded: config.bigSegments.staleAsDegraded,
    draining: () => false,
  });
  closers.defer(() => feeds.definitions.close());
  await feeds.definitions.start(sink);
  const owned = closers.move();
  return {
    overview,
    configFacts: followed.facts,
    close: () => owned.disposeAsync(),
  };
}

/** The configuration with the environments that its document has now: a stand-by may have waited for days. */
function newest(config: RelayConfig, { watch, logger, memory }: FillingDeps): RelayConfig {
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
  // No store is open now, so that nothing holds an environment to the prefix that it had.
  const prefixes = new Map(next.environments.map(({ name, prefix }) => [name, prefix]));
  memory.running = memory.running.map((one) => {
    const { prefix: _, ...rest } = one.config;
    const prefix = prefixes.has(rest.name) ? prefixes.get(rest.name) : one.config.prefix;
    return { ...one, config: prefix === undefined ? rest : { ...rest, prefix } };
  });
  return { ...config, environments: next.environments, filters: next.filters };
}
