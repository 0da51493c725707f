import { type Clock, systemClock, type Timer } from '@flagrelay/kube/clock';
import type { RuntimeMetrics } from './metrics.ts';
import type { Priority, RateLimiter, WorkQueue } from './queue-types.ts';
import { createRateLimiter } from './rate-limiter.ts';

/** Options of a work queue. */
export interface WorkQueueOptions {
  /** Name in metrics: the controller's. */
  readonly name: string;
  readonly metrics: RuntimeMetrics;
  readonly rateLimiter?: RateLimiter | undefined;
  readonly clock?: Clock | undefined;
}

/**
 * A work queue; see WorkQueue. Bounded by the number of distinct keys: each is held at most once among those that wait,
 * once among those delayed and once among those being worked on.
 */
export function createWorkQueue(options: WorkQueueOptions): WorkQueue {
  const { name, metrics, clock = systemClock } = options;
  const limiter = options.rateLimiter ?? createRateLimiter({ clock });
  const labels = { name, controller: name };
  /** Keys that wait, oldest first, with the time of their add. */
  const lanes: Record<Priority, Map<string, number>> = { normal: new Map(), low: new Map() };
  /** Keys being worked on, with the time of their start. */
  const processing = new Map<string, number>();
  /** Keys that were added while being worked on. */
  const again = new Map<string, Priority>();
  const delayed = new Map<string, { dueAt: number; timer: Timer }>();
  const waiters: ((key: string | undefined) => void)[] = [];
  let shut = false;

  const length = () => lanes.normal.size + lanes.low.size;

  metrics.queue.onCollect(() => {
    const times = [...processing.values()].map((start) => (clock.now() - start) / 1000);
    metrics.queue.unfinished.set(
      labels,
      times.reduce((sum, time) => sum + time, 0),
    );
    metrics.queue.longest.set(labels, Math.max(0, ...times));
  });

  function take(): string | undefined {
    for (const lane of [lanes.normal, lanes.low]) {
      for (const [key, addedAt] of lane) {
        lane.delete(key);
        processing.set(key, clock.now());
        metrics.queue.latency.observe(labels, (clock.now() - addedAt) / 1000);
        metrics.queue.depth.set(labels, length());
        return key;
      }
    }
    return undefined;
  }

  function enqueue(key: string, priority: Priority): void {
    const other = lanes[priority === 'normal' ? 'low' : 'normal'];
    const since = other.get(key);
    if (since !== undefined && priority === 'low') return; // waits in the better lane already
    if (since !== undefined) other.delete(key);
    else if (lanes[priority].has(key)) return;
    lanes[priority].set(key, since ?? clock.now());
    metrics.queue.depth.set(labels, length());
    const waiter = waiters.shift();
    waiter?.(take());
  }

  function add(key: string, priority: Priority = 'normal'): void {
    if (shut) return;
    metrics.queue.adds.inc(labels);
    if (!processing.has(key)) enqueue(key, priority);
    else if (again.get(key) !== 'normal') again.set(key, priority);
  }

  function addAfter(key: string, delayMs: number): void {
    if (shut) return;
    if (delayMs <= 0) {
      add(key);
      return;
    }
    const dueAt = clock.now() + delayMs;
    const earlier = delayed.get(key);
    if (earlier && earlier.dueAt <= dueAt) return;
    earlier?.timer.cancel();
    const timer = clock.after(delayMs, () => {
      delayed.delete(key);
      add(key);
    });
    delayed.set(key, { dueAt, timer });
  }

  return {
    name,
    get length() {
      return length();
    },
    add,
    addAfter,
    addRateLimited(key) {
      metrics.queue.retries.inc(labels);
      addAfter(key, limiter.delayFor(key));
    },
    forget: (key) => limiter.forget(key),
    retries: (key) => limiter.retries(key),

    get(signal) {
      if (shut || signal?.aborted) return Promise.resolve(undefined);
      const key = take();
      if (key !== undefined) return Promise.resolve(key);
      return new Promise((resolve) => {
        const waiter = (found: string | undefined) => {
          signal?.removeEventListener('abort', onAbort);
          resolve(found);
        };
        const onAbort = () => {
          waiters.splice(waiters.indexOf(waiter), 1);
          resolve(undefined);
        };
        signal?.addEventListener('abort', onAbort, { once: true });
        waiters.push(waiter);
      });
    },

    done(key) {
      const start = processing.get(key);
      if (start === undefined) throw new RangeError(`done: ${JSON.stringify(key)} is not being worked on`);
      processing.delete(key);
      metrics.queue.work.observe(labels, (clock.now() - start) / 1000);
      const priority = again.get(key);
      again.delete(key);
      if (priority !== undefined && !shut) enqueue(key, priority);
    },

    shutDown() {
      shut = true;
      for (const { timer } of delayed.values()) timer.cancel();
      for (const map of [delayed, lanes.normal, lanes.low, again]) map.clear();
      metrics.queue.depth.set(labels, 0);
      for (const waiter of waiters.splice(0)) waiter(undefined);
    },
  };
}
