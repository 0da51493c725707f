import { createServer } from 'node:http';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { RelayConfig } from '../../config/document.ts';
import type { Family } from '../../environment/outlet.ts';
import { createAbsences, mergeAbsences } from '../../files/absences.ts';
import { followConfig } from '../../health/config-facts.ts';
import type { KeyGate } from '../../health/key-gate.ts';
import { followMissingFiles } from '../../health/missing-files.ts';
import { ownEnvironments } from '../../health/peers.ts';
import type { Readiness } from '../../health/readiness.ts';
import type { InstanceFacts } from '../../health/report-item.ts';
import type { Reporter } from '../../health/reporter.ts';
import { closeServer, listen } from '../../http/listener.ts';
import { createOpsServer, listenOps } from '../../http/ops.ts';
import { reportJobFailures } from '../../jobs/report.ts';
import { refusedItems } from '../../store/refused-items.ts';
import { type ConfigSources, METRICS, naming, registerConfig, registerRefusedItems } from '../../telemetry/metrics.ts';
import { createUpstreamDispatcher } from '../../upstream/dispatcher.ts';
import { VERSION } from '../../version.ts';
import type { ProgramDeps, RunningProgram } from '../program.ts';
import { createCrew } from './crew.ts';
import { createEnvironmentLoggers } from './environment-loggers.ts';
import { createSharedSources } from './shared-sources.ts';

/**
 * Runs a relay of several worker processes that share the SDK port: this process has the one link to upstream for each
 * environment, probes and metrics of the whole, and the report to the cluster; it serves no SDK itself.
 * @throws {StartupError} when it cannot start; everything is closed again then
 */
export async function startPrimary<F extends Family>(
  config: RelayConfig,
  deps: ProgramDeps<F>,
): Promise<RunningProgram> {
  const { dialect, logger } = deps;
  let draining = false;
  let reporter: Reporter | undefined;
  let keyGate: KeyGate | undefined;
  let wasReady = false;
  const changed = (): void => reporter?.changed();
  const absences = createAbsences(logger, changed);
  const missing = followMissingFiles(config, absences);
  const metrics = createPrimaryMetrics(() => crew.listening, { held: () => followed.held(), absences });
  const endJobReport = reportJobFailures(logger, metrics.jobFailures);
  const followed = followConfig({ watch: deps.watch, configReloads: metrics.configReloads, changed });
  const dispatcher = createUpstreamDispatcher(config.upstream.proxy, deps.env, {
    onAbsent: absences.hook('proxyCredentials'),
  });
  const feeds = await dialect.createFeeds(config, { ...deps, dispatcher, absences, ...followed.hooks });
  const loggers = createEnvironmentLoggers(logger);
  const sources = createSharedSources<F['definition']>(
    (definition) => feeds.createSource(definition, loggers.loggerOf(definition)),
    dialect.rules,
  );
  const crew = createCrew({
    // Probes, metrics and the report are the primary's.
    config: { ...config, report: undefined },
    count: config.server.workers,
    sources,
    logger,
    changed,
    fatal: deps.fatal,
    restarted: () => metrics.restarts.inc(),
  });
  const readiness = (): Readiness => {
    if (draining) return { ready: false, reason: 'shutting down' };
    const { ready, reason, environments } = crew.facts();
    const held = wasReady ? undefined : keyGate?.holds(ownEnvironments(environments));
    if (ready && held !== undefined) return { ready: false, reason: held };
    wasReady ||= ready;
    return { ready, reason };
  };
  const ops = createOpsServer({
    readiness,
    metrics: {
      contentType: metrics.registry.contentType,
      metrics: async () => crew.metrics(await metrics.registry.getMetricsAsJSON()),
    },
    report: () => reporter?.item(),
  });

  let closing: Promise<void> | undefined;
  const closeAll = async (): Promise<void> => {
    draining = true;
    missing.close();
    await reporter?.close();
    await keyGate?.close();
    await feeds.definitions.close();
    await Promise.all([crew.close(), closeServer(ops)]);
    await sources.close();
    await dispatcher.close();
    endJobReport();
  };
  const close = (): Promise<void> => {
    closing ??= closeAll();
    return closing;
  };

  try {
    if (config.report !== undefined) {
      const { createKeyGate } = await import('../../health/key-gate.ts');
      const account = { onAbsent: absences.hook('serviceAccount') };
      keyGate = createKeyGate({ config: config.report, env: deps.env, logger, changed, account });
    }
    await probe(config.server.port);
    const port = await crew.start();
    const opsPort = await listenOps(ops, config.ops, logger);
    await feeds.definitions.start(loggers.before(crew));
    if (config.report !== undefined) {
      const facts = (): InstanceFacts => {
        const theirs = crew.facts();
        const all = mergeAbsences([theirs.absences ?? [], absences.list()]);
        return { ...theirs, ready: readiness().ready, ...followed.facts(), absences: all };
      };
      const { createReporter } = await import('../../health/reporter.ts');
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
    logger.info('listening', { port, opsPort, workers: config.server.workers, version: VERSION });
    return {
      port,
      opsPort,
      streams: () => crew.facts().connections,
      async drain() {
        draining = true;
        changed();
        await crew.drain();
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Workers may share their port, and so could a second relay that was started by mistake: it would get half of the connections.
 * @throws {StartupError} when somebody listens on the port
 */
async function probe(port: number): Promise<void> {
  if (port === 0) return;
  const server = createServer();
  await listen(server, port, 'SDK listener');
  await closeServer(server);
}

interface PrimaryMetrics {
  readonly registry: Registry;
  readonly configReloads: Counter<'outcome'>;
  readonly jobFailures: Counter<'job'>;
  readonly restarts: Counter;
}

/** What only the primary knows; the rest is the sum over the workers. */
function createPrimaryMetrics(workers: () => number, config: ConfigSources): PrimaryMetrics {
  const registry = new Registry();
  registerConfig(registry, config);
  registerRefusedItems(registry, refusedItems);
  const registers = [registry];
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 });
  new Gauge({
    ...naming(METRICS.workers),
    registers,
    collect() {
      this.set(workers());
    },
  });
  return {
    registry,
    configReloads: new Counter({ ...naming(METRICS.configReloads), labelNames: ['outcome'], registers }),
    jobFailures: new Counter({ ...naming(METRICS.jobFailures), labelNames: ['job'], registers }),
    restarts: new Counter({ ...naming(METRICS.workerRestarts), registers }),
  };
}
