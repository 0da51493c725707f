import type { Registry as PromRegistry } from 'prom-client';
import type { RelayConfig } from '../config/document.ts';
import type { Feeds, MemoryUse, Serving } from '../dialects/dialect.ts';
import type { Family } from '../environment/outlet.ts';
import type { Registry } from '../environment/registry.ts';
import { createAbsences } from '../files/absences.ts';
import { followConfig } from '../health/config-facts.ts';
import type { KeyGate } from '../health/key-gate.ts';
import { followMissingFiles } from '../health/missing-files.ts';
import { createOverview, type Overview } from '../health/overview.ts';
import type { InstanceFacts } from '../health/report-item.ts';
import type { Reporter } from '../health/reporter.ts';
import { drainServer } from '../http/drain.ts';
import { closeServer, listen } from '../http/listener.ts';
import { createOpsServer, listenOps } from '../http/ops.ts';
import { followShedFile } from '../http/rebalance.ts';
import { reportJobFailures } from '../jobs/report.ts';
import { memoryLimitBytes } from '../memory/limit.ts';
import { sharesOf } from '../memory/shares.ts';
import { EventStreams } from '../ofrep/event-streams.ts';
import { ofrepRoutes } from '../ofrep/routes.ts';
import { refusedItems } from '../store/refused-items.ts';
import { Hub } from '../streams/hub.ts';
import { createMetrics, type Metrics } from '../telemetry/metrics.ts';
import { createUpstreamDispatcher } from '../upstream/dispatcher.ts';
import { VERSION } from '../version.ts';
import { openEnvironments } from './environments.ts';
import type { ProgramDeps, RunningProgram } from './program.ts';
import { createSdkListener, type SdkListener } from './sdk-listener.ts';

/** At the end of a drain what waits of events has at least this time, in ms, to be sent. */
const LEAST_FLUSH_MS = 2_500;

/** See {@link startRelay}. */
export interface RelayDeps<F extends Family> extends ProgramDeps<F> {
  /** Set in a worker process (`workers/`). */
  readonly worker?: WorkerSeat<F>;
}

/** What a worker process of a relay with several of them gets from the primary, and tells it. */
export interface WorkerSeat<F extends Family = Family> {
  /** Environments and data by way of the primary. */
  readonly feeds: Feeds<F['definition']>;
  /** Keeps up to date what all workers share: the snapshot on disk and what else is in the database. */
  readonly lead: boolean;
  /** What {@link RunningRelay.facts} says may have changed. */
  readonly changed: () => void;
  /** The outlet of an environment noticed something that concerns its clients in other workers. */
  readonly noticed: (id: string) => void;
}

/** A relay of this process that listens. */
export interface RunningRelay extends RunningProgram {
  readonly port: number;
  readonly overview: Overview;
  readonly metrics: PromRegistry;
  /** How the relay does, as it is reported. */
  facts(): InstanceFacts;
  /** The outlet of this environment in another worker noticed something. */
  noticed(id: string): void;
}

/**
 * Puts a relay together and starts it. Resolves when it listens and knows its environments; they initialise afterwards.
 * @throws {StartupError} when it cannot start; everything is closed again then
 */
export async function startRelay<F extends Family>(config: RelayConfig, deps: RelayDeps<F>): Promise<RunningRelay> {
  const { dialect, logger, worker } = deps;
  let draining = false;
  let reporter: Reporter | undefined;
  let keyGate: KeyGate | undefined;
  /** What there is only once the rest is put together; nobody asks before. */
  let serving: Serving | undefined;
  let listener: SdkListener | undefined;
  let overview: Overview | undefined;
  const changed = (): void => (worker === undefined ? reporter?.changed() : worker.changed());

  // Whatever opens is closed when the rest does not, and at the end, the last first.
  await using closers = new AsyncDisposableStack();
  const absences = createAbsences(logger, changed);
  const followed = followConfig({
    watch: deps.watch,
    configReloads: { inc: (labels) => metrics.configReloads.inc(labels) },
    changed,
  });
  const memory = (): Record<string, MemoryUse> => ({ ...listener?.memory, ...serving?.memory() });
  const metrics: Metrics = createMetrics({
    config: { held: () => followed.held(), absences },
    connections: () => listener?.connections.size ?? 0,
    firstPayloads: () => listener?.streams.admission ?? { held: 0, waiting: 0 },
    memory,
    memoryRefused: () =>
      Object.fromEntries(
        Object.entries(memory()).flatMap(([name, { refused }]) => (refused === undefined ? [] : [[name, refused]])),
      ),
    environments: () => overview?.samples() ?? [],
    ready: () => overview?.readiness().ready === true,
    refused: () => overview?.refused() ?? [],
    evaluationCache: () => serving?.evaluationCache?.() ?? { bytes: 0, hits: 0, misses: 0 },
    refusedItems,
    largeEvaluations: () => serving?.largeEvaluations?.() ?? 0,
  });
  closers.defer(reportJobFailures(logger, metrics.jobFailures));
  const dispatcher = createUpstreamDispatcher(config.upstream.proxy, deps.env, {
    onAbsent: absences.hook('proxyCredentials'),
  });
  closers.defer(() => dispatcher.close());
  const hub = createHub(config, metrics, changed);
  const feeds =
    worker?.feeds ?? (await dialect.createFeeds(config, { ...deps, dispatcher, absences, ...followed.hooks }));
  const shared = { config, dispatcher, follower: worker?.lead === false, noticed: worker?.noticed ?? (() => {}) };
  const environments = await openEnvironments<F>(config, {
    dialect,
    logger,
    feeds,
    withSnapshots: true,
    follower: shared.follower,
    onAbsent: absences.hook('redisCredentials'),
    timed: (operation, ms) => metrics.storeOperations.observe({ operation }, ms / 1000),
    openOutlet: (environment, connection) => dialect.openOutlet(environment, { ...shared, connection }, hub),
    changed: () => {
      listener?.changed();
      changed();
    },
    fatal: deps.fatal,
  });
  closers.use(environments);
  const { registry } = environments;
  overview = createOverview(registry, {
    rules: dialect.rules,
    disconnectedAfterMs: config.upstream.disconnectedAfterMs,
    draining: () => draining,
    keyGate: () => keyGate,
  });
  const health = overview;

  const shares = sharesOf(config.server, memoryLimitBytes(undefined, config.server.workers));
  const sdk = createSdkListener(config, { shares, metrics, logger, onAbsent: absences.hook('tlsCertificate') });
  listener = sdk;
  const endpoints = await dialect.serve({
    config,
    version: VERSION,
    logger,
    dispatcher,
    registry,
    metrics,
    bodies: sdk.bodies,
    streams: sdk.streams,
    contextBytes: shares.contextBytes,
  });
  serving = endpoints;
  closers.defer(() => endpoints.close());
  const ops = createOpsServer({
    readiness: () => health.readiness(),
    metrics: metrics.registry,
    report: () => reporter?.item(),
  });
  closers.defer(() => Promise.all([sdk[Symbol.asyncDispose](), closeServer(ops)]).then(() => {}));
  closers.defer(() => hub.close());
  closers.defer(() => feeds.definitions.close());
  const { evaluations, ownPaths } = endpoints;
  const eventStreams = closers.use(
    new EventStreams({ ...sdk.streams, refetchWindowMs: config.server.ofrepRefetchWindowMs }),
  );
  const ofrep =
    evaluations === undefined
      ? []
      : ofrepRoutes({
          evaluations,
          bodies: sdk.bodies,
          compression: config.server.compression,
          eventStreams,
          pathPrefix: config.server.ofrepPathPrefix ?? '',
        });
  sdk.answer([...endpoints.routes, ...ofrep], {
    ownPaths,
    settled: () => isSettled(registry),
    draining: () => draining,
  });

  const facts = (): InstanceFacts => ({
    ready: health.readiness().ready,
    connections: hub.size,
    ...health.facts(),
    ...followed.facts(),
    absences: absences.list(),
  });
  const { shedFile } = config.streaming;
  const rebalancing = shedFile === undefined ? undefined : followShedFile({ path: shedFile, hub, logger });
  closers.defer(() => rebalancing?.close());
  // The primary looks for all of its workers.
  if (worker === undefined) closers.adopt(followMissingFiles(config, absences), (missing) => missing.close());
  if (config.report !== undefined) {
    const { createKeyGate } = await import('../health/key-gate.ts');
    const account = { onAbsent: absences.hook('serviceAccount') };
    const gate = createKeyGate({ config: config.report, env: deps.env, logger, changed, account });
    keyGate = gate;
    closers.defer(() => gate.close());
  }
  const port = await listen(sdk.server, config.server.port, 'SDK listener', worker !== undefined);
  const opsPort = worker === undefined ? await listenOps(ops, config.ops, logger) : undefined;
  await feeds.definitions.start(environments.sink);
  if (config.report !== undefined) {
    const { createReporter } = await import('../health/reporter.ts');
    const running = createReporter({
      config: config.report,
      version: VERSION,
      env: deps.env,
      facts,
      logger,
      account: { onAbsent: absences.hook('serviceAccount') },
    });
    reporter = running;
    closers.defer(() => running.close());
    running.changed();
  }
  if (worker === undefined) {
    logger.info('listening', { port, opsPort, environments: registry.size, version: VERSION });
  }

  closers.defer(() => sdk.release());
  const owned = closers.move();
  let closing: Promise<void> | undefined;
  const { drainMs } = config.server;
  return {
    port,
    opsPort,
    overview: health,
    metrics: metrics.registry,
    facts,
    noticed: (id) => registry.get(id)?.outlet.noticed(),
    streams: () => hub.size,
    async drain() {
      draining = true;
      changed();
      rebalancing?.close();
      const deadline = Date.now() + drainMs;
      endpoints.hurry();
      await drainServer(sdk.server, hub, { drainMs, behindService: deps.env.KUBERNETES_SERVICE_HOST !== undefined });
      await endpoints.flush(Math.max(LEAST_FLUSH_MS, deadline - Date.now()));
    },
    close() {
      draining = true;
      closing ??= owned.disposeAsync();
      return closing;
    },
  };
}

function isSettled<F extends Family>(registry: Registry<F>): boolean {
  return registry.listed && [...registry.environments()].every((environment) => environment.settled);
}

function createHub(config: RelayConfig, metrics: Metrics, changed: () => void): Hub {
  return new Hub({
    ...config.streaming,
    metrics: {
      opened(kind, platform) {
        metrics.streams.inc({ kind, platform });
        metrics.streamsOpened.inc({ kind, platform });
        changed();
      },
      closed(kind, platform) {
        metrics.streams.dec({ kind, platform });
        changed();
      },
      cut: () => metrics.streamsCut.inc(),
      rebalanced: () => metrics.streamsRebalanced.inc(),
      delivered: (ms) => metrics.propagation.observe(ms / 1000),
    },
  });
}
