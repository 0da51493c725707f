/**
 * A small controller runtime over @kubernetes/client-node; it knows nothing of relays.
 *
 * The usual composition, in `main.ts`:
 *
 *   const registry = new Registry();
 *   const metrics = createRuntimeMetrics(registry);
 *   const logger = createLogger({ level: 'info' });
 *   const kubeConfig = PooledKubeConfig.fromDefault();
 *   const client = createRestClient({ kubeConfig, fieldManager: 'flagrelay-operator', logger, metrics });
 *   const elector = createLeaderElector({ client, namespace, name, identity, logger, metrics });
 *   const leaderClient = client.fenced(elector.isLeader, elector.leaseRemainingMs); // writes stop with the lease
 *   const informer = createInformer({ client, type: deployments, logger, metrics });
 *   const controller = createController({ name: 'relayproxy', reconcile, logger, metrics });
 *   controller.watch(informer, { map: ownerKeys(relayProxies) });
 *   const events = createEventRecorder({ client, reportingController, reportingInstance, logger, metrics });
 *   const manager = createManager({ logger, elector, registry, probes: { host: '0.0.0.0', port: 8081 } });
 *   manager.addInformer(informer);
 *   manager.addController(controller);
 *   manager.addRunnable({ name: 'events', run: events.run });
 *   await manager.run(stopSignal);                              // rejects with LeadershipLostError: exit non-zero
 *   await kubeConfig.close();
 */

export * from './controller.ts';
export * from './controller-types.ts';
export * from './event-recorder.ts';
export * from './event-types.ts';
export * from './health.ts';
export * from './informer.ts';
export * from './kind-discovery.ts';
export * from './kube-config.ts';
export * from './leader-election.ts';
export * from './logger.ts';
export * from './manager.ts';
export * from './metrics.ts';
export * from './objects.ts';
export * from './optional-informer.ts';
export * from './predicates.ts';
export * from './queue.ts';
export * from './queue-types.ts';
export * from './rate-limiter.ts';
export * from './rest.ts';
export * from './rest-types.ts';
export * from './store-types.ts';
export * from './throttle.ts';
