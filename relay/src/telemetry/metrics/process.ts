import type { MetricDefinition } from './definition.ts';

/** Metrics of the process: what it left out, its jobs, its configuration and its workers. */
export const PROCESS_METRICS = {
  itemsRefused: {
    name: 'flagrelay_items_refused_total',
    type: 'counter',
    help: 'Flags and segments of upstream, archives, data files, Redis and snapshots that were left out because they cannot be used, as for a number that cannot be; the others were taken.',
    labels: ['kind'],
  },
  largeEvaluations: {
    name: 'flagrelay_large_evaluations_total',
    type: 'counter',
    help: 'Evaluations of large contexts that were done; they take turns with everything else.',
    labels: [],
  },
  jobFailures: {
    name: 'flagrelay_job_failures_total',
    type: 'counter',
    help: 'Runs of scheduled work that failed by a mistake in the relay, by job; the relay goes on.',
    labels: ['job'],
  },
  configReloads: {
    name: 'flagrelay_config_reloads_total',
    type: 'counter',
    help: 'Times the watched configuration was read again, by outcome.',
    labels: ['outcome'],
  },
  configHeld: {
    name: 'flagrelay_config_held',
    type: 'gauge',
    help: 'Parts of the watched configuration that differ from what is in force and wait for a restart.',
    labels: [],
    aggregator: 'max',
  },
  credentialMissing: {
    name: 'flagrelay_credential_missing',
    type: 'gauge',
    help: '1 while the file of a key of the environment is missing; a key that was read before stays in force.',
    labels: ['environment'],
    aggregator: 'max',
  },
  inputMissing: {
    name: 'flagrelay_input_missing',
    type: 'gauge',
    help: '1 while files that the relay follows cannot be read; what was read before stays in force.',
    labels: ['input'],
    aggregator: 'max',
  },
  workers: {
    name: 'flagrelay_workers',
    type: 'gauge',
    help: 'Worker processes that serve SDKs. Only with several of them.',
    labels: [],
  },
  workerRestarts: {
    name: 'flagrelay_worker_restarts_total',
    type: 'counter',
    help: 'Worker processes that ended by themselves and were started again. Only with several of them.',
    labels: [],
  },
} as const satisfies Record<string, MetricDefinition>;
