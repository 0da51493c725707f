import { Counter, collectDefaultMetrics, Gauge, Histogram, type Registry } from 'prom-client';

/** Buckets in seconds for calls and reconciles (controller-runtime's range, fewer steps). */
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** Buckets in seconds for queues (client-go's decades). */
const QUEUE_SECONDS = [0.0001, 0.001, 0.01, 0.1, 1, 10, 100, 1000];
const BYTES = [256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216];

/** Every metric of the runtime, under controller-runtime's and client-go's names; labels are bounded by code, not by data. */
export type RuntimeMetrics = ReturnType<typeof createRuntimeMetrics>;

/** Registers the runtime's metrics and Node's own in `registry`. Throws when they are registered there already. */
export function createRuntimeMetrics(registry: Registry) {
  const registers = [registry];
  const queueCollectors = new Set<() => void>();
  collectDefaultMetrics({ register: registry });
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Counter<L>({ name, help, labelNames, registers });
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Gauge<L>({ name, help, labelNames, registers });
  const histogram = <L extends string>(name: string, help: string, labelNames: readonly L[], buckets: number[]) =>
    new Histogram<L>({ name, help, labelNames, buckets, registers });

  const controller = ['controller'] as const;
  const queue = ['name', 'controller'] as const;
  const call = ['verb', 'host'] as const;
  const watch = ['group', 'kind'] as const;
  return {
    registry,
    rest: {
      requests: counter('rest_client_requests_total', 'Requests to the API server; code <error> got no answer.', [
        'code',
        'method',
        'host',
      ]),
      duration: histogram(
        'rest_client_request_duration_seconds',
        'Time to the answer, without watches.',
        call,
        SECONDS,
      ),
      requestSize: histogram('rest_client_request_size_bytes', 'Size of request bodies.', call, BYTES),
      responseSize: histogram(
        'rest_client_response_size_bytes',
        'Size of response bodies, without watches.',
        call,
        BYTES,
      ),
      retries: counter('rest_client_request_retries_total', 'Requests sent again.', ['code', 'verb', 'host']),
    },
    reflector: {
      lists: counter('reflector_lists_total', 'Full lists of the watched kinds.', [...watch, 'mode']),
      watches: counter('reflector_watches_total', 'Watches opened.', watch),
      watchEnds: counter('reflector_watch_ends_total', 'Ends of watches by cause.', [...watch, 'cause']),
      events: counter('reflector_watch_events_total', 'Watch events by type.', [...watch, 'type']),
      objects: gauge('reflector_cached_objects', 'Objects in the cache.', watch),
    },
    queue: {
      depth: gauge('workqueue_depth', 'Keys that wait.', queue),
      adds: counter('workqueue_adds_total', 'Adds handled.', queue),
      latency: histogram('workqueue_queue_duration_seconds', 'Time that a key waits.', queue, QUEUE_SECONDS),
      work: histogram('workqueue_work_duration_seconds', 'Time that work on a key takes.', queue, QUEUE_SECONDS),
      unfinished: new Gauge({
        name: 'workqueue_unfinished_work_seconds',
        help: 'Sum of the time of running work.',
        labelNames: queue,
        registers,
        collect: () => {
          for (const collect of queueCollectors) collect();
        },
      }),
      longest: gauge('workqueue_longest_running_processor_seconds', 'Time of the longest running work.', queue),
      /** Adds a function that sets `unfinished` and `longest` just before they are read; one a queue. */
      onCollect: (collect: () => void) => void queueCollectors.add(collect),
      retries: counter('workqueue_retries_total', 'Rate-limited adds.', queue),
    },
    controller: {
      total: counter('controller_runtime_reconcile_total', 'Reconciles by result.', [...controller, 'result']),
      errors: counter('controller_runtime_reconcile_errors_total', 'Failed reconciles.', controller),
      terminal: counter(
        'controller_runtime_terminal_reconcile_errors_total',
        'Reconciles that failed for good.',
        controller,
      ),
      panics: counter(
        'controller_runtime_reconcile_panics_total',
        'Reconciles that failed by a programming error.',
        controller,
      ),
      timeouts: counter('controller_runtime_reconcile_timeouts_total', 'Reconciles that took too long.', controller),
      time: histogram('controller_runtime_reconcile_time_seconds', 'Time of a reconcile.', controller, SECONDS),
      max: gauge('controller_runtime_max_concurrent_reconciles', 'Workers.', controller),
      active: gauge('controller_runtime_active_workers', 'Busy workers.', controller),
    },
    leader: {
      status: gauge('leader_election_master_status', '1 while this process leads.', ['name']),
      slowpath: counter('leader_election_slowpath_total', 'Renewals that had to read the lease first.', ['name']),
    },
    events: {
      sent: counter('event_recorder_events_total', 'Events by what became of them.', ['result']),
    },
  };
}
