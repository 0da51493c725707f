import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { FencedError, isConflict } from '@flagrelay/kube/api-error';
import { type Clock, systemClock } from '@flagrelay/kube/clock';
import { type Controller, type Reconcile, TerminalError, type WatchRule } from './controller-types.ts';
import type { Logger } from './logger.ts';
import type { RuntimeMetrics } from './metrics.ts';
import { type KubernetesObject, objectKey } from './objects.ts';
import { createWorkQueue } from './queue.ts';
import type { RateLimiter } from './queue-types.ts';
import type { Change, Informer } from './store-types.ts';

/** Options of a controller. */
export interface ControllerOptions {
  readonly name: string;
  readonly reconcile: Reconcile;
  /** Workers. Default 1. */
  readonly concurrency?: number | undefined;
  /** Longest time of one reconcile, in ms. Default 60 000. Its signal aborts then; the key stays taken until it ends. */
  readonly timeoutMs?: number | undefined;
  readonly rateLimiter?: RateLimiter | undefined;
  readonly logger: Logger;
  readonly metrics: RuntimeMetrics;
  readonly clock?: Clock | undefined;
}

/** Errors that only a mistake in our own code throws: what a panic is in Go. */
const PROGRAMMING_ERRORS = [TypeError, ReferenceError, RangeError, SyntaxError];

/** A queue with its sources and workers; see Controller. Throws RangeError when concurrency is not a positive integer. */
export function createController(options: ControllerOptions): Controller {
  const { name, reconcile, concurrency = 1, timeoutMs = 60_000, metrics, clock = systemClock } = options;
  if (!Number.isInteger(concurrency) || concurrency < 1) {
    throw new RangeError(`concurrency of controller ${name} must be a positive integer, not ${concurrency}`);
  }
  const labels = { controller: name };
  const logger = options.logger.child(labels);
  const queue = createWorkQueue({ name, metrics, rateLimiter: options.rateLimiter, clock });
  const informers: Informer<KubernetesObject>[] = [];
  metrics.controller.max.set(labels, concurrency);
  metrics.controller.active.set(labels, 0);

  /** Calls reconcile with a deadline; answers what to do with the key next. */
  async function reconcileOne(key: string, kill: AbortSignal): Promise<void> {
    const started = clock.now();
    const retries = queue.retries(key);
    const log = logger.child({ key, reconcileId: randomUUID() });
    const abort = new AbortController();
    setMaxListeners(0, abort.signal); // one for each call that the reconcile has in progress
    const onKill = () => abort.abort(kill.reason);
    if (kill.aborted) onKill();
    else kill.addEventListener('abort', onKill, { once: true });
    const timer = clock.after(timeoutMs, () => {
      metrics.controller.timeouts.inc(labels);
      log.warn('Reconcile takes too long, is aborted', { timeoutMs });
      abort.abort(new Error(`reconcile took longer than ${timeoutMs} ms`));
    });
    metrics.controller.active.inc(labels);
    try {
      const result = await reconcile(key, { signal: abort.signal, logger: log, retries });
      queue.forget(key);
      if (result?.requeueAfterMs !== undefined) queue.addAfter(key, result.requeueAfterMs);
      count(result?.requeueAfterMs === undefined ? 'success' : 'requeue_after');
    } catch (error) {
      settleFailure(key, error, log);
    } finally {
      timer.cancel();
      kill.removeEventListener('abort', onKill);
      metrics.controller.active.dec(labels);
      metrics.controller.time.observe(labels, (clock.now() - started) / 1000);
    }
  }

  function settleFailure(key: string, error: unknown, log: Logger): void {
    if (isConflict(error) || error instanceof FencedError) {
      // The cache was behind, or the lease is gone: nothing is wrong with the object.
      count('requeue');
      log.debug('Reconcile is repeated', { error });
      queue.addRateLimited(key);
      return;
    }
    count('error');
    metrics.controller.errors.inc(labels);
    if (error instanceof TerminalError) {
      metrics.controller.terminal.inc(labels);
      queue.forget(key);
      log.error('Reconcile failed for good', { error });
      return;
    }
    if (PROGRAMMING_ERRORS.some((type) => error instanceof type)) metrics.controller.panics.inc(labels);
    log.error('Reconcile failed, is retried', { error, retries: queue.retries(key) });
    queue.addRateLimited(key);
  }

  function count(result: 'success' | 'requeue_after' | 'requeue' | 'error'): void {
    metrics.controller.total.inc({ ...labels, result });
  }

  async function work(stop: AbortSignal, kill: AbortSignal): Promise<void> {
    for (;;) {
      const key = await queue.get(stop);
      if (key === undefined) return;
      try {
        await reconcileOne(key, kill);
      } finally {
        queue.done(key);
      }
    }
  }

  return {
    name,
    informers,
    watch(informer, rule) {
      if (!informers.includes(informer)) informers.push(informer);
      informer.onChange((change) => {
        const priority = change.initial ? 'low' : 'normal';
        for (const key of keysOf(change, rule)) queue.add(key, priority);
      });
    },
    enqueue: (key, priority) => queue.add(key, priority),
    enqueueAfter: (key, delayMs) => queue.addAfter(key, delayMs),
    async run(stop, kill) {
      logger.info('Workers start', { concurrency });
      await Promise.all(Array.from({ length: concurrency }, () => work(stop, kill)));
      queue.shutDown();
      logger.info('Workers stopped');
    },
  };
}

/** Keys that a change concerns; an update concerns those of the old state too, as a child may have changed its owner. */
function keysOf<T extends KubernetesObject>(change: Change<T>, rule: WatchRule<T> = {}): Set<string> {
  const { map = (object: T) => [objectKey(object)], predicate } = rule;
  if (predicate && !predicate(change)) return new Set();
  return new Set([...map(change.object), ...(change.type === 'updated' ? map(change.old) : [])]);
}
