import { randomBytes } from 'node:crypto';
import { systemClock } from '@flagrelay/kube/clock';
import { Registry } from 'prom-client';
import type { OperatorConfig } from './config.ts';
import { leaseName } from './permissions.ts';
import { createCaches } from './relayproxy/caches.ts';
import { createRelayProxyController } from './relayproxy/controller.ts';
import { registerRelayProxyMetrics } from './relayproxy/metrics.ts';
import { fieldManager } from './relayproxy/resources/names.ts';
import {
  createEventRecorder,
  createLeaderElector,
  createManager,
  createRestClient,
  createRuntimeMetrics,
  createThrottle,
  type Logger,
  PooledKubeConfig,
} from './runtime/index.ts';
import { startProbes } from './runtime/probes.ts';
import { version } from './version.ts';

/** Events and leases name their author by this. */
const CONTROLLER = 'flagrelay.dev/operator';
const ANY_ADDRESS = '0.0.0.0';

/**
 * Runs the operator until `stop` aborts: caches in every replica, the controller in the one that holds the Lease.
 * Rejects when the API server's address or credentials cannot be found, a port is taken, the caches do not fill, or the
 * Lease is lost (the process must end then).
 */
export async function runOperator(config: OperatorConfig, logger: Logger, stop: AbortSignal): Promise<void> {
  const registry = new Registry();
  const metrics = createRuntimeMetrics(registry);
  const kubeConfig = PooledKubeConfig.fromDefault();
  try {
    const userAgent = `flagrelay-operator/${version}`;
    const unlimited = { kubeConfig, fieldManager, userAgent, logger, metrics };
    const throttle = config.requestLimit && createThrottle(config.requestLimit);
    const client = createRestClient({ ...unlimited, throttle });
    const elector =
      config.leaderElection === undefined
        ? undefined
        : createLeaderElector({
            ...config.leaderElection,
            // What renews the Lease must not wait behind other calls.
            client: createRestClient(unlimited),
            name: leaseName,
            identity: `${config.podName}_${randomBytes(4).toString('hex')}`,
            logger,
            metrics,
          });
    if (!elector)
      logger.warn('Leads without a Lease, by configuration or as no namespace for it is set: run one operator only');
    const leaderClient = elector ? client.fenced(elector.isLeader, elector.leaseRemainingMs) : client;

    const caches = createCaches({
      ...{ client, namespaces: config.watchNamespaces, logger, metrics },
      disabledFeatures: config.disabledFeatures,
    });
    registerRelayProxyMetrics(registry, {
      relayProxies: caches.relayProxies.store,
      deployments: caches.childStores.deployment,
      fieldRecordCharacters: caches.fieldRecordCharacters,
    });
    // A leader that was frozen must not tell old news either; one that stops in order may tell its last after the lease.
    const mayTell = () => stop.aborted || (elector?.isLeader() ?? true);
    const events = createEventRecorder({
      client: client.fenced(mayTell),
      reportingController: CONTROLLER,
      reportingInstance: config.podName,
      logger,
      metrics,
    });
    const { controller, rounds } = createRelayProxyController({
      client: leaderClient,
      caches,
      events,
      relayImage: config.relayImage,
      operatorNamespace: config.namespace,
      runbookBaseUrl: config.runbookBaseUrl,
      concurrency: config.concurrency,
      version,
      operatorName: operatorName(config),
      limits: config.limits,
      clock: systemClock,
      logger,
      metrics,
    });

    const manager = createManager({ logger, elector, registry, probes: { host: ANY_ADDRESS, port: config.probePort } });
    for (const informer of caches.all) manager.addInformer(informer);
    manager.addController(controller);
    manager.addRunnable({ name: 'discovery', run: caches.discovery.run });
    manager.addRunnable({ name: 'rounds', run: rounds, needsLeadership: true });
    manager.addRunnable({ name: 'events', run: events.run });
    const { metricsPort } = config;
    if (metricsPort !== undefined) {
      manager.addRunnable({
        name: 'metrics',
        run: (signal) => serveMetrics(metricsPort, registry, logger, signal),
      });
    }
    await manager.run(stop);
  } finally {
    await kubeConfig.close();
  }
}

/** What tells this operator from others: the Lease that its replicas share, or the process where there is none. */
function operatorName({ leaderElection, podName }: OperatorConfig): string {
  return leaderElection === undefined ? podName : `${leaderElection.namespace}/${leaseName}`;
}

/** Serves /metrics on a port of its own, so that a NetworkPolicy can keep Prometheus and kubelet apart. */
async function serveMetrics(port: number, registry: Registry, logger: Logger, signal: AbortSignal): Promise<void> {
  const nothing = new Map();
  const server = await startProbes({
    host: ANY_ADDRESS,
    port,
    liveness: nothing,
    readiness: nothing,
    registry,
    logger,
  });
  try {
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  } finally {
    await server.close();
  }
}
