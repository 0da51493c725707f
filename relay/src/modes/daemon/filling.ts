import type { Dispatcher } from 'undici';
import type { RelayConfig } from '../../config/document.ts';
import type { CreateFeeds } from '../../dialects/dialect.ts';
import { type Family, NO_OUTLET, type Unserved } from '../../environment/outlet.ts';
import type { Absences } from '../../files/absences.ts';
import { type ConfigFollower, followConfig } from '../../health/config-facts.ts';
import { createOverview, type Overview } from '../../health/overview.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { openEnvironments } from '../environments.ts';
import type { ProgramDeps } from '../program.ts';

/** What a process has that fills a store again and again. */
export interface FillingDeps<F extends Family> extends Pick<ProgramDeps<F>, 'dialect' | 'logger' | 'watch' | 'fatal'> {
  /** Remembers what ran before in this process. */
  readonly createFeeds: CreateFeeds<F['definition']>;
  readonly dispatcher: Dispatcher;
  readonly metrics: Metrics;
  /** False: hands off the store. */
  readonly allowed: () => boolean;
  /** Health, or the configuration, changed. */
  readonly changed: () => void;
  /** Keeps which files are missing. */
  readonly absences: Absences;
}

/** Environments whose data go from upstream into the store. */
export interface Filling {
  readonly overview: Overview;
  /** What is reported of the configuration that is in force. */
  readonly configFacts: ConfigFollower['facts'];
  /** Ends the links to upstream, and then those to the store. */
  close(): Promise<void>;
}

/**
 * Opens the environments as a relay does, with nobody to serve: what is written to the store is the same.
 * @throws {StartupError} for settings that cannot be used; everything is closed again then
 */
export async function startFilling<F extends Family>(config: RelayConfig, deps: FillingDeps<F>): Promise<Filling> {
  const { dialect, logger, dispatcher, metrics, changed } = deps;
  const followed = followConfig({ watch: deps.watch, configReloads: metrics.configReloads, changed });
  await using closers = new AsyncDisposableStack();
  const feeds = await deps.createFeeds(config, { ...deps, ...followed.hooks });
  const shared = { config, dispatcher, follower: false, noticed: () => {} };
  const environments = closers.use(
    await openEnvironments<Unserved<F>>(config, {
      dialect,
      logger,
      feeds,
      // What an earlier run left on disk is for clients, and there are none.
      withSnapshots: false,
      allowed: deps.allowed,
      onAbsent: deps.absences.hook('redisCredentials'),
      timed: (operation, ms) => metrics.storeOperations.observe({ operation }, ms / 1000),
      openOutlet: (environment, connection) =>
        dialect.openKeeper?.(() => environment.definition, environment.logger, { ...shared, connection }) ?? NO_OUTLET,
      changed,
      fatal: deps.fatal,
    }),
  );
  const overview = createOverview(environments.registry, {
    rules: dialect.rules,
    disconnectedAfterMs: config.upstream.disconnectedAfterMs,
    draining: () => false,
  });
  closers.defer(() => feeds.definitions.close());
  await feeds.definitions.start(environments.sink);
  const owned = closers.move();
  return {
    overview,
    configFacts: followed.facts,
    close: () => owned.disposeAsync(),
  };
}
