import type { RelayConfig } from './config/document.ts';
import type { ConfigWatch } from './config/load.ts';
import { StartupError } from './environment/definition.ts';
import { Registry } from './environment/registry.ts';
import { compile } from './evaluation/compile.ts';
import { createOverview, type Overview } from './health/overview.ts';
import { drainServer } from './http/drain.ts';
import { closeServer, createSdkServer, listen } from './http/listener.ts';
import { createOpsServer } from './http/ops.ts';
import { createSdkDispatcher } from './http/sdk-dispatcher.ts';
import { createTakeover } from './http/takeover.ts';
import { createEventHandlers } from './protocols/launchdarkly/events.ts';
import { createGoalsHandler } from './protocols/launchdarkly/goals.ts';
import { launchDarklyRoutes } from './protocols/launchdarkly/routes.ts';
import { createFeeds, type Feeds } from './sources/factory.ts';
import { createStores } from './store/factory.ts';
import { createAdmission } from './streams/admission.ts';
import { Hub } from './streams/hub.ts';
import type { Logger } from './telemetry/logger.ts';
import { createMetrics } from './telemetry/metrics.ts';
import { createUpstreamDispatcher } from './upstream/dispatcher.ts';
import { VERSION } from './version.ts';

/** What {@link startRelay} needs beside the configuration. */
export interface RelayDeps {
  readonly logger: Logger;
  readonly env: NodeJS.ProcessEnv;
  /** The JSON document that the configuration came from, to be watched. */
  readonly watch?: ConfigWatch;
  /** The relay cannot go on: an environment has no data in time and the configuration says to exit then. */
  readonly fatal: (error: StartupError) => void;
}

/** A relay that listens. */
export interface RunningRelay {
  /** Port of the SDK listener. */
  readonly port: number;
  /** Port of the ops listener; undefined when there is none. */
  readonly opsPort: number | undefined;
  readonly overview: Overview;
  /** Open SDK streams. */
  streams(): number;
  /**
   * Goes down gracefully: not ready any more, waits for endpoints to move away, ends streams spread over the drain time.
   * Takes `server.drainMs` at most, and no time at all without clients.
   */
  drain(): Promise<void>;
  /** Closes everything at once. Idempotent. */
  close(): Promise<void>;
}

/**
 * Puts a relay together and starts it. Resolves when it listens; environments initialise afterwards.
 * @throws {StartupError} when it cannot start
 */
export async function startRelay(config: RelayConfig, deps: RelayDeps): Promise<RunningRelay> {
  const { logger } = deps;
  let draining = false;
  const metrics = createMetrics({
    environments: () => overview.samples(),
    ready: () => overview.readiness().ready,
  });
  const hub = new Hub({
    ...config.streaming,
    metrics: {
      opened(kind) {
        metrics.streams.inc({ kind });
        metrics.streamsOpened.inc({ kind });
      },
      closed: (kind) => metrics.streams.dec({ kind }),
      cut: () => metrics.streamsCut.inc(),
    },
  });
  const dispatcher = createUpstreamDispatcher(config.upstream.proxy, deps.env, {
    onReloadError: (error) => logger.error('the proxy credentials cannot be read again', { error: error.message }),
  });
  const feeds: Feeds = await createFeeds(config, { ...deps, dispatcher });
  const stores = await createStores(config, { compile, logger });
  const registry = new Registry(
    {
      hub,
      logger,
      initTimeoutMs: config.upstream.initTimeoutMs,
      createSource: (definition, log) => feeds.createSource(definition, log),
      createStore: stores.create,
      initTimedOut(environment) {
        if (config.upstream.onInitTimeout !== 'exit') return;
        const { name } = environment.definition;
        deps.fatal(
          new StartupError(
            `environment ${name} has no data after ${config.upstream.initTimeoutMs} ms (initTimeout); set ignoreConnectionErrors to go on without`,
          ),
        );
      },
      changed: () => changed(),
    },
    logger,
    config.credentialCleanupMs,
  );
  const overview = createOverview(registry, {
    version: VERSION,
    disconnectedAfterMs: config.upstream.disconnectedAfterMs,
    bigSegmentsStaleAsDegraded: config.bigSegments.staleAsDegraded,
    draining: () => draining,
  });
  const changed = (): void => {};

  const server = createSdkServer(config.server.tls);
  const events = createEventHandlers({ config, dispatcher, metrics, registry });
  const routes = launchDarklyRoutes({
    registry,
    evaluation: { maxBodyBytes: config.server.maxRequestBodyBytes, compression: config.server.compression },
    streams: {
      takeover: createTakeover(server),
      admission: createAdmission({
        maxConcurrent: config.server.initMaxConcurrent,
        maxQueued: config.server.initMaxQueued,
        sendTimeoutMs: config.server.initSendTimeoutMs,
      }),
      maxBodyBytes: config.server.maxRequestBodyBytes,
      shed: () => metrics.streamsShed.inc(),
    },
    events: { ...events.handlers, goals: createGoalsHandler({ config, dispatcher }) },
  });
  server.on(
    'request',
    createSdkDispatcher({ routes, overview, requests: metrics.requests, draining: () => draining, logger }),
  );

  const ops = createOpsServer({ readiness: () => overview.readiness(), metrics: metrics.registry });
  const port = await listen(server, config.server.port, 'SDK listener');
  const opsPort = await listenOps();

  async function listenOps(): Promise<number | undefined> {
    try {
      return await listen(ops, config.ops.port, 'ops listener');
    } catch (error) {
      if (config.ops.required || !(error instanceof StartupError)) throw error;
      logger.warn('no probes and metrics: the ops port cannot be used', {
        port: config.ops.port,
        error: error.message,
      });
      return undefined;
    }
  }

  await feeds.definitions.start(registry);
  logger.info('listening', { port, opsPort, environments: registry.size, version: VERSION });

  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    draining = true;
    await feeds.definitions.close();
    hub.close();
    await events.close();
    await registry.close();
    await stores.close();
    await Promise.all([closeServer(server), closeServer(ops)]);
    await dispatcher.close();
  };

  return {
    port,
    opsPort,
    overview,
    streams: () => hub.size,
    async drain() {
      draining = true;
      await drainServer(server, hub, {
        drainMs: config.server.drainMs,
        behindService: deps.env.KUBERNETES_SERVICE_HOST !== undefined,
      });
    },
    close() {
      closed ??= close();
      return closed;
    },
  };
}
