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
 *   const events = createEventRecorder({ client: leaderClient, reportingController, reportingInstance, logger, metrics });
 *   const manager = createManager({ logger, elector, registry, probes: { host: '0.0.0.0', port: 8081 } });
 *   manager.addInformer(informer);
 *   manager.addController(controller);
 *   manager.addRunnable({ name: 'events', run: events.run });
 *   await manager.run(stopSignal);                              // rejects with LeadershipLostError: exit non-zero
 *   await kubeConfig.close();
 */

import type { Registry } from 'prom-client';
import type { Clock } from './clock.ts';
import type { Controller, Reconcile } from './controllerTypes.ts';
import type { Logger } from './logger.ts';
import type { RuntimeMetrics } from './metrics.ts';
import type { KubernetesObject, ResourceType } from './objects.ts';
import type { RestClient } from './restTypes.ts';
import type { Change, Informer } from './storeTypes.ts';

export * from './apiError.ts';
export * from './clock.ts';
export * from './controllerTypes.ts';
export * from './informer.ts';
export * from './kubeConfig.ts';
export * from './logger.ts';
export * from './metrics.ts';
export * from './objects.ts';
export * from './queue.ts';
export * from './queueTypes.ts';
export * from './rateLimiter.ts';
export * from './rest.ts';
export * from './restTypes.ts';
export * from './storeTypes.ts';

/** Options of a controller. */
export interface ControllerOptions {
  readonly name: string;
  readonly reconcile: Reconcile;
  /** Workers. Default 1. */
  readonly concurrency?: number;
  /** Longest time of one reconcile, ms. Default 60 000. */
  readonly timeoutMs?: number;
  readonly logger: Logger;
  readonly metrics: RuntimeMetrics;
}
export declare function createController(options: ControllerOptions): Controller;

/** Keys of the controlling owners of the given kind; for WatchRule.map of children. */
export declare function ownerKeys(owner: ResourceType): (object: KubernetesObject) => readonly string[];
/** True for adds, deletes and updates that changed the spec (generation) or began deletion. */
export declare function generationChanged(change: Change<KubernetesObject>): boolean;
/** True for updates that changed labels or annotations (and all adds, deletes). */
export declare function metadataChanged(change: Change<KubernetesObject>): boolean;

/** Options of leader election. */
export interface LeaderElectorOptions {
  readonly client: RestClient;
  readonly namespace: string;
  readonly name: string;
  /** Unique to this process, for example the pod name and a random suffix. */
  readonly identity: string;
  readonly leaseDurationMs?: number;
  readonly renewDeadlineMs?: number;
  readonly retryPeriodMs?: number;
  readonly clock?: Clock;
  readonly logger: Logger;
  readonly metrics: RuntimeMetrics;
}
/** Holds, or waits for, one Lease. */
export interface LeaderElector {
  /** True only while no other process can hold the lease; computed at each call, needs no `this`. */
  readonly isLeader: () => boolean;
  /** How long, in ms, before another process can hold the lease; 0 when not leading. */
  readonly leaseRemainingMs: () => number;
  /** Waits for the lease and calls `lead` with a signal that aborts on loss or stop; rejects with LeadershipLostError on loss. */
  run(stop: AbortSignal, lead: (signal: AbortSignal) => Promise<void>): Promise<void>;
}
/** The lease was lost while leading: exit the process. */
export declare class LeadershipLostError extends Error {}
export declare function createLeaderElector(options: LeaderElectorOptions): LeaderElector;

/** What an event is about. */
export interface EventInput {
  readonly regarding: KubernetesObject;
  readonly related?: KubernetesObject;
  readonly type: 'Normal' | 'Warning';
  /** CamelCase, why; for example `SecretNotFound`. */
  readonly reason: string;
  /** CamelCase, what was being done; for example `Reconcile`. */
  readonly action: string;
  /** For humans; no credentials; cut at 1 kB. */
  readonly note: string;
}
/** Writes Events in the background; never blocks, never throws. */
export interface EventRecorder {
  record(event: EventInput): void;
  /** Sends until the signal aborts, then flushes what is queued (2 s at most). Needs no `this`. */
  readonly run: (signal: AbortSignal) => Promise<void>;
}
export interface EventRecorderOptions {
  readonly client: RestClient;
  /** For example `flagrelay.dev/operator`. */
  readonly reportingController: string;
  /** Pod name. */
  readonly reportingInstance: string;
  readonly clock?: Clock;
  readonly logger: Logger;
  readonly metrics: RuntimeMetrics;
}
export declare function createEventRecorder(options: EventRecorderOptions): EventRecorder;

/** Something else that runs with the process. */
export interface Runnable {
  readonly name: string;
  run(signal: AbortSignal): Promise<void>;
  /** Runs only while leading, after the caches synced. Default false: runs at once, in every replica. */
  readonly needsLeadership?: boolean;
}
/** A named check; throwing or rejecting means failing. */
export type HealthCheck = (signal: AbortSignal) => void | Promise<void>;
/** Options of the manager. */
export interface ManagerOptions {
  readonly logger: Logger;
  readonly registry: Registry;
  /** Undefined: leads at once (tests, single replica). */
  readonly elector?: LeaderElector | undefined;
  /** Undefined: no HTTP listener. */
  readonly probes?: { readonly host: string; readonly port: number } | undefined;
  /** Graceful stop: watches, then queues, then the lease, ms. Default 30 000. */
  readonly gracefulStopMs?: number;
  /** Longest wait for the caches at start, ms. Default 120 000; then `run` rejects. */
  readonly syncTimeoutMs?: number;
  readonly clock?: Clock;
}
/** Owns what runs: starts in order, stops in reverse. */
export interface Manager {
  addInformer<T extends KubernetesObject>(informer: Informer<T>): void;
  addController(controller: Controller): void;
  addRunnable(runnable: Runnable): void;
  addLivenessCheck(name: string, check: HealthCheck): void;
  addReadinessCheck(name: string, check: HealthCheck): void;
  /** Address of the probe listener once it listens. */
  readonly probeAddress: { readonly host: string; readonly port: number } | undefined;
  run(stop: AbortSignal): Promise<void>;
}
export declare function createManager(options: ManagerOptions): Manager;
