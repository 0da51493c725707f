import { setMaxListeners } from 'node:events';
import { type Clock, systemClock, type Timer } from '@flagrelay/kube/clock';
import type { Elector } from '@flagrelay/kube/elector';
import type { Registry } from 'prom-client';
import type { Controller } from './controller-types.ts';
import type { HealthCheck } from './health.ts';
import type { Logger } from './logger.ts';
import type { KubernetesObject } from './objects.ts';
import { type ProbeServer, startProbes } from './probes.ts';
import type { Informer } from './store-types.ts';

/** Something else that runs with the process. */
export interface Runnable {
  readonly name: string;
  /** Runs until the signal aborts; resolving earlier is fine, rejecting ends the process. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** Runs only while leading, after the caches synced. Default false: runs at once, in every replica. */
  readonly needsLeadership?: boolean | undefined;
}

/** Options of the manager; times in ms. */
export interface ManagerOptions {
  readonly logger: Logger;
  /** Served at /metrics. */
  readonly registry: Registry;
  /** Undefined: leads at once (tests, single replica). */
  readonly elector?: Elector | undefined;
  /** Undefined: no HTTP listener. */
  readonly probes?: { readonly host: string; readonly port: number } | undefined;
  /** For the whole graceful stop: watches, then work, then the lease. Default 30 000. */
  readonly gracefulStopMs?: number | undefined;
  /** Longest wait for the caches at start; `run` rejects after it. Default 120 000. */
  readonly syncTimeoutMs?: number | undefined;
  readonly clock?: Clock | undefined;
}

/** Owns what runs: starts it in order, stops it in reverse. */
export interface Manager {
  addInformer<T extends KubernetesObject>(informer: Informer<T>): void;
  /** Adds a controller and the informers that it watches. */
  addController(controller: Controller): void;
  addRunnable(runnable: Runnable): void;
  addLivenessCheck(name: string, check: HealthCheck): void;
  addReadinessCheck(name: string, check: HealthCheck): void;
  /** Where the probe listener listens, once it does. */
  readonly probeAddress: { readonly host: string; readonly port: number } | undefined;
  /**
   * Runs until `stop` aborts and everything has stopped. Rejects with LeadershipLostError when the lease is lost (exit at
   * once, non-zero), and with the first error of a runnable, of the sync or of the probe port.
   */
  run(stop: AbortSignal): Promise<void>;
}

/** Makes a manager. Followers keep their caches warm and are ready: a rolling update of the operator must not stall. */
export function createManager(options: ManagerOptions): Manager {
  const { logger, registry, elector, clock = systemClock } = options;
  const { gracefulStopMs = 30_000, syncTimeoutMs = 120_000 } = options;
  const informers = new Set<Informer<KubernetesObject>>();
  const controllers: Controller[] = [];
  const runnables: Runnable[] = [];
  const liveness = new Map<string, HealthCheck>([['ping', () => undefined]]);
  const readiness = new Map<string, HealthCheck>([
    ['caches', cachesSynced],
    ['running', notStopping],
  ]);
  let probes: ProbeServer | undefined;
  let stopping = false;

  function cachesSynced(): void {
    const missing = [...informers].filter((informer) => !informer.hasSynced()).map((informer) => informer.type.plural);
    if (missing.length > 0) throw new Error(`not filled yet: ${missing.join(', ')}`);
  }

  function notStopping(): void {
    if (stopping) throw new Error('the process is stopping');
  }

  async function waitForCaches(signal: AbortSignal): Promise<void> {
    const limit = new AbortController();
    const onAbort = () => limit.abort(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    const timer = clock.after(syncTimeoutMs, () => {
      const missing = [...informers]
        .filter((informer) => !informer.hasSynced())
        .map((informer) => informer.type.plural);
      limit.abort(new Error(`caches not filled within ${syncTimeoutMs} ms: ${missing.join(', ')}`));
    });
    try {
      await Promise.all([...informers].map((informer) => informer.waitForSync(limit.signal)));
    } finally {
      timer.cancel();
      signal.removeEventListener('abort', onAbort);
    }
  }

  return {
    addInformer: (informer) => void informers.add(informer as unknown as Informer<KubernetesObject>),
    addController(controller) {
      controllers.push(controller);
      for (const informer of controller.informers) informers.add(informer);
    },
    addRunnable: (runnable) => void runnables.push(runnable),
    addLivenessCheck: (name, check) => void liveness.set(name, check),
    addReadinessCheck: (name, check) => void readiness.set(name, check),
    get probeAddress() {
      return probes?.address;
    },

    async run(stop) {
      for (const controller of controllers) for (const informer of controller.informers) informers.add(informer);
      if (options.probes) probes = await startProbes({ ...options.probes, liveness, readiness, registry, logger });
      /** Step 1 of the stop: watches end, workers take no more keys. */
      const ending = new AbortController();
      /** Step 2, once the work is done and the lease given back: the rest ends, for example the event recorder. */
      const finishing = new AbortController();
      /** What still runs after the time for all this is aborted and left behind. */
      const kill = new AbortController();
      // As many listeners as there are watches, workers and runnables: known, and no leak.
      setMaxListeners(0, ending.signal, finishing.signal, kill.signal);
      let graceTimer: Timer | undefined;
      let failure: { error: unknown } | undefined;
      const begin = (reason: unknown) => {
        if (stopping) return;
        stopping = true;
        logger.info('Stops', { gracefulStopMs });
        graceTimer = clock.after(gracefulStopMs, () => kill.abort(new Error('the graceful stop took too long')));
        ending.abort(reason);
      };
      const onStop = () => begin(stop.reason);
      if (stop.aborted) onStop();
      else stop.addEventListener('abort', onStop, { once: true });

      const inBackground = (name: string, running: Promise<void>) =>
        running.catch((error: unknown) => {
          logger.error('Runnable failed, the process ends', { runnable: name, error });
          failure ??= { error };
          begin(error);
        });
      const everywhere = runnables.filter((item) => !item.needsLeadership);
      const running = [
        ...[...informers].map((informer) => inBackground(informer.type.plural, informer.run(ending.signal))),
        ...everywhere.map((item) => inBackground(item.name, item.run(finishing.signal))),
      ];

      async function lead(signal: AbortSignal): Promise<void> {
        const work = [
          untilAborted(signal),
          ...controllers.map((controller) => controller.run(signal, kill.signal)),
          ...runnables.filter((item) => item.needsLeadership).map((item) => item.run(signal)),
        ];
        await orKill(Promise.all(work), kill.signal);
      }

      try {
        if (!stopping) await waitForCaches(ending.signal);
        if (!stopping) await (elector ? elector.run(ending.signal, lead) : lead(ending.signal));
      } catch (error) {
        const stoppedEarly = ending.signal.aborted && error === ending.signal.reason;
        if (!stoppedEarly) {
          failure ??= { error };
          kill.abort(error); // a lost lease or a failure: nothing is worth waiting for
        }
      }
      begin(failure?.error);
      finishing.abort(ending.signal.reason);
      await orKill(Promise.all(running), kill.signal);
      graceTimer?.cancel();
      stop.removeEventListener('abort', onStop);
      await probes?.close();
      probes = undefined;
      logger.info('Stopped', { complete: !kill.signal.aborted });
      if (failure) throw failure.error;
    },
  };
}

function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

/** Resolves with the promise or as soon as the signal aborts: what hangs is left behind, the process ends anyway. */
async function orKill(promise: Promise<unknown>, kill: AbortSignal): Promise<void> {
  const killed = Promise.withResolvers<void>();
  const onKill = () => killed.resolve();
  if (kill.aborted) onKill();
  kill.addEventListener('abort', onKill, { once: true });
  await Promise.race([promise, killed.promise]).finally(() => kill.removeEventListener('abort', onKill));
}
