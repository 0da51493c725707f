import type { Registry as PromRegistry } from 'prom-client';
import type { RelayConfig } from '../config/document.ts';
import type { ConfigWatch } from '../config/load.ts';
import { AnswerCache } from '../dialects/launchdarkly/endpoints/answer-cache.ts';
import { observeClients } from '../dialects/launchdarkly/endpoints/clients.ts';
import { createEventHandlers } from '../dialects/launchdarkly/endpoints/events.ts';
import { createGoalsHandler } from '../dialects/launchdarkly/endpoints/goals.ts';
import { createLdRelayMetrics } from '../dialects/launchdarkly/endpoints/ld-relay-metrics.ts';
import { launchDarklyRoutes } from '../dialects/launchdarkly/endpoints/routes.ts';
import { createUsage } from '../dialects/launchdarkly/endpoints/usage.ts';
import { compile } from '../dialects/launchdarkly/evaluation/compile.ts';
import { limitPatternSteps } from '../dialects/launchdarkly/evaluation/pattern.ts';
import { limitTurns, turnsDone, turnsMemory } from '../dialects/launchdarkly/evaluation/turns.ts';
import { createFeeds, type Feeds } from '../dialects/launchdarkly/sources/factory.ts';
import type { EnvironmentDeps } from '../environment/environment.ts';
import { rememberFirstList } from '../environment/first-list.ts';
import { Registry } from '../environment/registry.ts';
import { StartupError } from '../errors.ts';
import { createAbsences } from '../files/absences.ts';
import { followConfig } from '../health/config-facts.ts';
import type { KeyGate } from '../health/key-gate.ts';
import { followMissingFiles } from '../health/missing-files.ts';
import { createOverview, type Overview } from '../health/overview.ts';
import type { InstanceFacts } from '../health/report-item.ts';
import type { Reporter } from '../health/reporter.ts';
import { BodyReader } from '../http/body.ts';
import { renewCertificate } from '../http/certificate.ts';
import { guardConnections } from '../http/connection-guard.ts';
import { drainServer } from '../http/drain.ts';
import { EarlyRequests } from '../http/early-requests.ts';
import { closeServer, createSdkServer, listen } from '../http/listener.ts';
import { createOpsServer, listenOps } from '../http/ops.ts';
import { followShedFile } from '../http/rebalance.ts';
import { createRequestLog } from '../http/request-log.ts';
import { createSdkDispatcher } from '../http/sdk-dispatcher.ts';
import { createTakeover } from '../http/takeover.ts';
import { Turns } from '../http/turns.ts';
import { UnreadAnswers } from '../http/unread-answers.ts';
import { reportJobFailures } from '../jobs/report.ts';
import { FairBytes } from '../memory/fair-bytes.ts';
import { memoryLimitBytes } from '../memory/limit.ts';
import { sharesOf } from '../memory/shares.ts';
import { ofrepRoutes } from '../ofrep/routes.ts';
import { createStores } from '../store/factory.ts';
import { refusedItems } from '../store/refused-items.ts';
import { createAdmission } from '../streams/admission.ts';
import { Hub } from '../streams/hub.ts';
import { StreamLimits } from '../streams/limits.ts';
import type { Logger } from '../telemetry/logger.ts';
import { createMetrics, type Metrics } from '../telemetry/metrics.ts';
import { createUpstreamDispatcher } from '../upstream/dispatcher.ts';
import { VERSION } from '../version.ts';

/** At the end of a drain what waits of events has at least this time, in ms, to be sent. */
const LEAST_FLUSH_MS = 2_500;

/** A relay that has just started keeps requests waiting for this long, in ms, at most, while it has no data. */
const EARLY_HOLD_MS = 2_000;

/** What {@link startRelay} needs beside the configuration. */
export interface RelayDeps {
  readonly logger: Logger;
  readonly env: NodeJS.ProcessEnv;
  /** The JSON document that the configuration came from, to be watched. */
  readonly watch?: ConfigWatch;
  /** The relay cannot go on: an environment has no data in time and the configuration says to exit then. */
  readonly fatal: (error: StartupError) => void;
  /** Set in a worker process (`workers/`). */
  readonly worker?: WorkerSeat;
}

/** What a worker process of a relay with several of them gets from the primary, and tells it. */
export interface WorkerSeat {
  /** Environments and data by way of the primary. */
  readonly feeds: Feeds;
  /** Keeps up to date what all workers share: the snapshot on disk and the big segments in Redis. */
  readonly lead: boolean;
  /** What {@link RunningRelay.facts} says may have changed. */
  readonly changed: () => void;
  /** Memberships in big segments of an environment changed. */
  readonly membershipsChanged: (id: string) => void;
}

/** A relay that runs, in one process or in several, or fills a store only. */
export interface RunningProgram {
  /** Port of the SDK listener; undefined in daemon mode. */
  readonly port: number | undefined;
  /** Port of the ops listener; undefined when there is none. */
  readonly opsPort: number | undefined;
  /** Open SDK streams. */
  streams(): number;
  /**
   * Goes down gracefully: not ready any more, waits for endpoints to move away, ends streams spread over the drain time.
   * Takes `server.drainMs` at most, and 2.5 s more where events still wait; no time at all without clients and events.
   */
  drain(): Promise<void>;
  /** Closes everything at once. Idempotent. */
  close(): Promise<void>;
}

/** A relay of this process that listens. */
export interface RunningRelay extends RunningProgram {
  readonly port: number;
  readonly overview: Overview;
  readonly metrics: PromRegistry;
  /** How the relay does, as it is reported. */
  facts(): InstanceFacts;
  /** Another worker says that memberships in big segments of this environment changed. */
  membershipsChanged(id: string): void;
}

/**
 * Puts a relay together and starts it. Resolves when it listens and knows its environments; they initialise afterwards.
 * @throws {StartupError} when it cannot start; everything is closed again then
 */
export async function startRelay(config: RelayConfig, deps: RelayDeps): Promise<RunningRelay> {
  const { logger, worker } = deps;
  let draining = false;
  let reporter: Reporter | undefined;
  let keyGate: KeyGate | undefined;
  const changed = (): void => (worker === undefined ? reporter?.changed() : worker.changed());
  const absences = createAbsences(logger, changed);
  // The primary looks for all of its workers.
  const missing = worker === undefined ? followMissingFiles(config, absences) : undefined;
  const shares = sharesOf(config.server, memoryLimitBytes(undefined, config.server.workers));
  limitTurns(shares.contextBytes);
  limitPatternSteps(config.server.maxPatternSteps);
  const bodies = new BodyReader(new FairBytes(shares.bodyBytes));
  const unread = new UnreadAnswers(shares.answerBytes, () => metrics.connectionsCut.inc({ reason: 'answers' }));
  const turns = new Turns(() => metrics.connectionsCut.inc({ reason: 'pipelined' }));
  const metrics: Metrics = createMetrics({
    config: { held: () => followed.held(), absences },
    connections: () => connections.size,
    memory: () => ({ bodies: bodies.budget, answers: unread, contexts: turnsMemory(), events: events.memory }),
    memoryRefused: () => ({
      bodies: bodies.budget.refused,
      contexts: turnsMemory().refused,
      events: events.memory.refused,
    }),
    environments: () => overview.samples(),
    ready: () => overview.readiness().ready,
    refused: () => overview.refused(),
    evaluationCache: () => answers.use,
    refusedItems,
    largeEvaluations: turnsDone,
  });
  const endJobReport = reportJobFailures(logger, metrics.jobFailures);
  const answers = new AnswerCache(config.server.evaluationCacheBytes);
  const hub = createHub(config, metrics, changed);
  const dispatcher = createUpstreamDispatcher(config.upstream.proxy, deps.env, {
    onAbsent: absences.hook('proxyCredentials'),
  });
  const followed = followConfig({ watch: deps.watch, configReloads: metrics.configReloads, changed });
  const feeds = worker?.feeds ?? (await createFeeds(config, { ...deps, dispatcher, absences, ...followed.hooks }));
  const stores = await createStores(config, {
    compile,
    dispatcher,
    logger,
    follower: worker?.lead === false,
    onAbsent: absences.hook('redisCredentials'),
    timed: (operation, ms) => metrics.storeOperations.observe({ operation }, ms / 1000),
  });
  const environmentDeps: EnvironmentDeps = {
    hub,
    logger,
    initTimeoutMs: config.upstream.initTimeoutMs,
    createSource: (definition, log) => feeds.createSource(definition, log),
    createStore: stores.create,
    ...(stores.createBigSegments === undefined ? {} : { createBigSegments: stores.createBigSegments }),
    initTimedOut: (environment) => {
      const { id, name } = environment.definition;
      if (config.upstream.onInitTimeout === 'exit' && sink.wasThere(id)) deps.fatal(initTimeout(name, config));
    },
    changed: () => {
      early.changed();
      changed();
    },
    ...(worker === undefined ? {} : { membershipsChanged: ({ id }) => worker.membershipsChanged(id) }),
  };
  const registry = new Registry(environmentDeps, logger, config.credentialCleanupMs);
  const sink = rememberFirstList(registry);
  const early = new EarlyRequests({
    settled: () => registry.listed && [...registry.environments()].every((environment) => environment.settled),
    holdMs: EARLY_HOLD_MS,
  });
  const overview = createOverview(registry, {
    version: VERSION,
    disconnectedAfterMs: config.upstream.disconnectedAfterMs,
    bigSegmentsStaleAsDegraded: config.bigSegments.staleAsDegraded,
    draining: () => draining,
    keyGate: () => keyGate,
  });
  const events = createEventHandlers({ config, dispatcher, metrics, registry, bodies });
  const { tls, compression, drainMs } = config.server;
  const contexts = {
    reader: bodies,
    maxBytes: config.server.maxRequestBodyBytes ?? MAX_CONTEXT_BYTES,
    bounds: { maxValues: config.server.maxContextValues, maxMembers: config.server.maxContextMembers },
  };
  const server = createSdkServer(tls, config.server.maxHeaderBytes);
  const connections = guardConnections(
    server,
    tls !== undefined,
    {
      maxConnections: shares.connections,
      maxHeaderBytes: config.server.maxHeaderBytes,
      headBytes: shares.headBytes,
      unreadTimeoutMs: config.server.unreadTimeoutMs,
    },
    {
      refused: () => metrics.connectionsRefused.inc(),
      cut: (reason) => metrics.connectionsCut.inc({ reason }),
    },
  );
  const { shedFile } = config.streaming;
  const rebalancing = shedFile === undefined ? undefined : followShedFile({ path: shedFile, hub, logger });
  const renewal =
    tls === undefined
      ? undefined
      : renewCertificate(server, tls, logger, { onAbsent: absences.hook('tlsCertificate') });
  const sdkRoutes = launchDarklyRoutes({
    registry,
    evaluation: { bodies: contexts, compression, answers },
    streams: {
      takeover: createTakeover(server),
      admission: createAdmission({
        maxConcurrent: config.server.initMaxConcurrent,
        maxQueued: config.server.initMaxQueued,
        sendTimeoutMs: config.server.initSendTimeoutMs,
      }),
      bodies: contexts,
      limits: streamLimits(config, shares.connections),
      shed: () => metrics.streamsShed.inc(),
    },
    events: {
      ...events.handlers,
      goals: createGoalsHandler({ config, dispatcher, shed: () => metrics.goalsShed.inc() }),
    },
  });
  const routes = [...sdkRoutes, ...ofrepRoutes({ registry, bodies: contexts })];
  const isDraining = (): boolean => draining;
  const usage = createUsage(config, dispatcher, registry, logger);
  const observers = [
    ...(config.ldRelayMetrics ? [createLdRelayMetrics(metrics.registry, config.ldRelayMetrics.prefix)] : []),
    ...(usage === undefined ? [] : [usage.observer]),
  ];
  const counted = observers.length === 0 ? routes : observeClients(routes, registry, observers);
  const dispatch = createSdkDispatcher({
    routes: counted,
    overview,
    requests: metrics.requests,
    unread,
    draining: isDraining,
    logger,
    ...(config.log.level === 'debug' ? { requestLog: createRequestLog(logger) } : {}),
  });
  const inTurn = turns.inTurn(early.held(dispatch));
  server.on('request', inTurn);
  // Node would answer 417; ld-relay ignores what a client expects.
  server.on('checkExpectation', inTurn);
  server.on(
    'checkContinue',
    turns.inTurn(
      early.held((request, response) => {
        response.writeContinue();
        dispatch(request, response);
      }),
    ),
  );
  const ops = createOpsServer({
    readiness: () => overview.readiness(),
    metrics: metrics.registry,
    report: () => reporter?.item(),
  });

  const facts = (): InstanceFacts => ({
    ready: overview.readiness().ready,
    connections: hub.size,
    ...overview.facts(),
    ...followed.facts(),
    absences: absences.list(),
  });

  let closing: Promise<void> | undefined;
  const closeAll = async (): Promise<void> => {
    draining = true;
    early.close();
    missing?.close();
    renewal?.close();
    rebalancing?.close();
    await reporter?.close();
    await keyGate?.close();
    await feeds.definitions.close();
    hub.close();
    connections.close();
    await Promise.all([closeServer(server), closeServer(ops)]);
    await events.close();
    await usage?.close();
    await registry.close();
    await stores.close();
    await dispatcher.close();
    endJobReport();
  };
  const close = (): Promise<void> => {
    closing ??= closeAll();
    return closing;
  };

  try {
    if (config.report !== undefined) {
      const { createKeyGate } = await import('../health/key-gate.ts');
      const account = { onAbsent: absences.hook('serviceAccount') };
      keyGate = createKeyGate({ config: config.report, env: deps.env, logger, changed, account });
    }
    const port = await listen(server, config.server.port, 'SDK listener', worker !== undefined);
    const opsPort = worker === undefined ? await listenOps(ops, config.ops, logger) : undefined;
    await feeds.definitions.start(sink);
    if (config.report !== undefined) {
      const { createReporter } = await import('../health/reporter.ts');
      reporter = createReporter({
        config: config.report,
        version: VERSION,
        env: deps.env,
        facts,
        logger,
        account: { onAbsent: absences.hook('serviceAccount') },
      });
      reporter.changed();
    }
    if (worker === undefined) {
      logger.info('listening', { port, opsPort, environments: registry.size, version: VERSION });
    }
    return {
      port,
      opsPort,
      overview,
      metrics: metrics.registry,
      facts,
      membershipsChanged: (id) => registry.get(id)?.membershipsChanged(),
      streams: () => hub.size,
      async drain() {
        draining = true;
        changed();
        rebalancing?.close();
        const deadline = Date.now() + drainMs;
        events.hurry();
        await drainServer(server, hub, { drainMs, behindService: deps.env.KUBERNETES_SERVICE_HOST !== undefined });
        await events.close(Math.max(LEAST_FLUSH_MS, deadline - Date.now()));
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Bytes of a context where nothing else is configured. */
const MAX_CONTEXT_BYTES = 1024 * 1024;

/** So many of the connections, unless configured, are for one public key or address: the rest is for the others. */
const PUBLIC_PART = 3 / 4;

function streamLimits({ server }: RelayConfig, connections: number): StreamLimits {
  const most = Math.max(1, Math.floor(connections * PUBLIC_PART));
  return new StreamLimits(
    { perCredential: server.maxStreamsPerCredential, perAddress: server.maxStreamsPerAddress },
    {
      perCredential: server.maxPublicStreamsPerCredential ?? most,
      perAddress: server.maxPublicStreamsPerAddress ?? most,
    },
  );
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

function initTimeout(name: string, { upstream }: RelayConfig): StartupError {
  return new StartupError(
    `environment ${name} has no data after ${upstream.initTimeoutMs} ms (initTimeout); set ignoreConnectionErrors to go on without`,
  );
}
