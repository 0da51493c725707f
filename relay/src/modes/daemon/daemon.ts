import { randomUUID } from 'node:crypto';
import type { RelayConfig } from '../../config/document.ts';
import type { Family } from '../../environment/outlet.ts';
import { StartupError } from '../../errors.ts';
import { createAbsences } from '../../files/absences.ts';
import { watchFiles } from '../../files/watch.ts';
import { hashNow } from '../../health/config-facts.ts';
import { followMissingFiles } from '../../health/missing-files.ts';
import type { Readiness } from '../../health/readiness.ts';
import type { InstanceFacts } from '../../health/report-item.ts';
import type { Reporter } from '../../health/reporter.ts';
import { closeServer } from '../../http/listener.ts';
import { createOpsServer, listenOps } from '../../http/ops.ts';
import { reportJobFailures } from '../../jobs/report.ts';
import { createApiServer, podVariable, type ServiceAccountFiles } from '../../kubernetes/api-server.ts';
import { createElection, type Election, type ElectionTiming } from '../../kubernetes/election.ts';
import { createLeaseClient } from '../../kubernetes/lease.ts';
import { refusedItems } from '../../store/refused-items.ts';
import { describe } from '../../telemetry/describe.ts';
import { createMetrics } from '../../telemetry/metrics.ts';
import { createUpstreamDispatcher } from '../../upstream/dispatcher.ts';
import { VERSION } from '../../version.ts';
import type { ProgramDeps, RunningProgram } from '../program.ts';
import { type Filling, startFilling } from './filling.ts';

/** Dependencies of {@link startDaemon} beside the configuration. */
export interface DaemonDeps<F extends Family> extends ProgramDeps<F> {
  /** Of the service account's token and ca.crt; kubelet's folder unless given. */
  readonly accountDirectory?: string;
  readonly timing?: Partial<ElectionTiming>;
}

/** A process that keeps the store up to date, or stands by. */
export interface RunningDaemon extends RunningProgram {
  /** Whether it is the one that does. */
  active(): boolean;
  /** Its state, as it is reported. */
  facts(): InstanceFacts;
  /** What `/readyz` says. */
  readiness(): Readiness;
}

/**
 * Daemon mode: keeps the store up to date for SDKs that read it, and has no port for them. With a lease only the process
 * that holds it does so; the others have no connection but the one to the API server, and are ready.
 * @throws {StartupError} when it cannot start; everything is closed again then
 */
export async function startDaemon<F extends Family>(config: RelayConfig, deps: DaemonDeps<F>): Promise<RunningDaemon> {
  const { logger, env, watch } = deps;
  let draining = false;
  let filling: Filling | undefined;
  let reporter: Reporter | undefined;
  let election: Election | undefined;
  const changed = (): void => reporter?.changed();
  /** Without a lease there is nobody else. */
  const active = (): boolean => config.lease === undefined || election?.active() === true;
  const readiness = (): Readiness => {
    if (draining) return { ready: false, reason: 'shutting down' };
    if (config.lease === undefined) return filling?.overview.readiness() ?? { ready: false, reason: 'starting' };
    // A pod that has taken over stays ready whatever upstream does: nobody connects to it.
    if (election?.seen !== true) return { ready: false, reason: 'the lease has not been read yet' };
    return { ready: true, reason: active() ? 'active' : 'stand-by' };
  };
  const absences = createAbsences(logger, changed);
  const metrics = createMetrics({
    config: { held: () => filling?.configFacts().held ?? [], absences },
    environments: () => filling?.overview.samples() ?? [],
    ready: () => readiness().ready,
    active,
    refusedItems,
  });
  const account: ServiceAccountFiles = {
    ...(deps.accountDirectory === undefined ? {} : { directory: deps.accountDirectory }),
    onAbsent: absences.hook('serviceAccount'),
  };
  const facts = (): InstanceFacts => ({
    ready: readiness().ready,
    connections: 0,
    ...(filling?.overview.facts() ?? { connectedEnvironments: 0, environments: [] }),
    active: active(),
    // One that stands by will run what the document says by then.
    ...(filling === undefined ? hashNow(watch) : filling.configFacts()),
    absences: absences.list(),
  });

  await using closers = new AsyncDisposableStack();
  const missing = followMissingFiles(config, absences);
  closers.defer(() => missing.close());
  const dispatcher = createUpstreamDispatcher(config.upstream.proxy, env, {
    onAbsent: absences.hook('proxyCredentials'),
  });
  closers.defer(reportJobFailures(logger, metrics.jobFailures));
  closers.defer(() => dispatcher.close());
  const ops = createOpsServer({ readiness, metrics: metrics.registry, report: () => reporter?.item() });
  closers.defer(() => closeServer(ops));

  const createFeeds = deps.dialect.recurringFeeds?.() ?? deps.dialect.createFeeds;
  const fill = async (): Promise<void> => {
    filling = await startFilling(config, {
      ...deps,
      dispatcher,
      metrics,
      allowed: active,
      changed,
      absences,
      createFeeds,
    });
  };
  const endFilling = async (): Promise<void> => {
    const ending = filling;
    filling = undefined;
    await ending?.close();
  };
  /** One term as the active process. */
  const act = async (signal: AbortSignal): Promise<void> => {
    const over = new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    try {
      await fill();
      changed();
      await over;
      await endFilling();
    } catch (error) {
      const text = `the store cannot be kept up to date: ${describe(error)}`;
      deps.fatal(error instanceof StartupError ? error : new StartupError(text, { cause: error }));
    }
  };

  if (watch !== undefined) {
    const watching = watchFiles([watch.path], changed);
    closers.defer(() => watching.close());
  }
  const opsPort = await listenOps(ops, config.ops, logger);
  if (config.report !== undefined) {
    const { createReporter } = await import('../../health/reporter.ts');
    reporter = createReporter({ config: config.report, version: VERSION, env, facts, logger, account });
    closers.defer(() => reporter?.close());
    reporter.changed();
  }
  if (config.lease === undefined) {
    await fill();
    closers.defer(endFilling);
  } else {
    const transport = leaseClient(config.lease.name, deps, account);
    closers.defer(() => transport.close());
    const identity = `${podVariable(env, 'POD_NAME', 'lease')}_${randomUUID()}`;
    const { timing = {} } = deps;
    const standing = createElection({ transport, identity, act, changed, logger, timing });
    election = standing;
    closers.defer(() => standing.close());
  }
  logger.info('keeping the store up to date, without a port for SDKs', {
    opsPort,
    lease: config.lease?.name,
    version: VERSION,
  });
  const owned = closers.move();
  return {
    port: undefined,
    opsPort,
    active,
    facts,
    readiness,
    streams: () => 0,
    async drain() {
      draining = true;
      changed();
      // The stand-by need not wait for the end of this process.
      await election?.close();
    },
    async close() {
      draining = true;
      await owned.disposeAsync();
    },
  };
}

function leaseClient(name: string, { env }: { readonly env: NodeJS.ProcessEnv }, account: ServiceAccountFiles) {
  const namespace = podVariable(env, 'POD_NAMESPACE', 'lease');
  return createLeaseClient(createApiServer(env, 'lease', account), namespace, name);
}
