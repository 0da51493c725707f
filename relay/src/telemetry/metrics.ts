import type { Registry as PromRegistry } from 'prom-client';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { RequestMetrics } from './request-metrics.ts';

/** One metric as the documentation lists it. */
export interface MetricDefinition {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  /** How the values of several workers become one; the sum unless said. */
  readonly aggregator?: 'min' | 'max' | 'first';
}

/**
 * Every metric of the relay: the documentation, the dashboards and the alerts are checked against this table. Label values
 * come from the configuration or from fixed sets, never from requests.
 */
export const METRICS = {
  requests: {
    name: 'flagrelay_http_requests_total',
    type: 'counter',
    help: 'Requests answered, by endpoint and status. A stream counts when it opens.',
    labels: ['route', 'status'],
  },
  duration: {
    name: 'flagrelay_http_request_duration_seconds',
    type: 'histogram',
    help: 'Time from the request head to the end of the answer, by endpoint. Streams are left out.',
    labels: ['route'],
  },
  evaluationCacheRequests: {
    name: 'flagrelay_evaluation_cache_requests_total',
    type: 'counter',
    help: 'Evaluations that were looked for in the cache, by whether they were there.',
    labels: ['result'],
  },
  evaluationCacheBytes: {
    name: 'flagrelay_evaluation_cache_bytes',
    type: 'gauge',
    help: 'Memory of the evaluations that are kept for contexts that come again.',
    labels: [],
  },
  streams: {
    name: 'flagrelay_streams',
    type: 'gauge',
    help: 'Open SDK streams, by what they carry and the platform of the SDK.',
    labels: ['kind', 'platform'],
  },
  streamsOpened: {
    name: 'flagrelay_streams_opened_total',
    type: 'counter',
    help: 'SDK streams that were opened.',
    labels: ['kind', 'platform'],
  },
  streamsCut: {
    name: 'flagrelay_streams_cut_total',
    type: 'counter',
    help: 'SDK streams that were cut because the client did not read.',
    labels: [],
  },
  streamsShed: {
    name: 'flagrelay_streams_shed_total',
    type: 'counter',
    help: 'SDK streams that were turned away with 503 because too many were being opened.',
    labels: [],
  },
  streamsRebalanced: {
    name: 'flagrelay_streams_rebalanced_total',
    type: 'counter',
    help: 'SDK streams that were ended so that clients spread over all pods again.',
    labels: [],
  },
  propagation: {
    name: 'flagrelay_propagation_seconds',
    type: 'histogram',
    help: 'Time from the message of upstream to the write to all streams that it concerns, for each kind of stream.',
    labels: [],
  },
  linkState: {
    name: 'flagrelay_upstream_state',
    type: 'gauge',
    help: 'State of the link to upstream: 1 for the state the environment is in, 0 for the others.',
    labels: ['environment', 'state'],
    aggregator: 'max',
  },
  connected: {
    name: 'flagrelay_environment_connected',
    type: 'gauge',
    help: '1 when /status calls the environment connected.',
    labels: ['environment'],
    aggregator: 'min',
  },
  dataAge: {
    name: 'flagrelay_data_age_seconds',
    type: 'gauge',
    help: 'Time since upstream last sent something for the environment.',
    labels: ['environment'],
    aggregator: 'max',
  },
  storeUp: {
    name: 'flagrelay_store_up',
    type: 'gauge',
    help: '1 when the data store of the environment works.',
    labels: ['environment'],
    aggregator: 'min',
  },
  storeOperations: {
    name: 'flagrelay_store_operation_seconds',
    type: 'histogram',
    help: 'Time of what was asked of the database, by operation, failed ones too.',
    labels: ['operation'],
  },
  environments: {
    name: 'flagrelay_environments',
    type: 'gauge',
    help: 'Environments that the relay serves.',
    labels: [],
    aggregator: 'max',
  },
  ready: {
    name: 'flagrelay_ready',
    type: 'gauge',
    help: '1 when /readyz says so.',
    labels: [],
    aggregator: 'min',
  },
  active: {
    name: 'flagrelay_active',
    type: 'gauge',
    help: 'Daemon mode only: 1 in the process that keeps the store up to date, 0 in a stand-by.',
    labels: [],
  },
  eventsReceived: {
    name: 'flagrelay_events_received_total',
    type: 'counter',
    help: 'Analytics events taken from SDKs.',
    labels: ['environment'],
  },
  eventsForwarded: {
    name: 'flagrelay_events_forwarded_total',
    type: 'counter',
    help: 'Analytics events that upstream accepted.',
    labels: ['environment'],
  },
  eventsDropped: {
    name: 'flagrelay_events_dropped_total',
    type: 'counter',
    help: 'Analytics events that were lost, by reason.',
    labels: ['environment', 'reason'],
  },
  diagnosticsDropped: {
    name: 'flagrelay_diagnostics_dropped_total',
    type: 'counter',
    help: "SDKs' diagnostic events that were lost, by reason.",
    labels: ['environment', 'reason'],
  },
  itemsRefused: {
    name: 'flagrelay_items_refused_total',
    type: 'counter',
    help: 'Flags and segments of upstream, archives and data files that were left out because of a number that cannot be; the others were taken.',
    labels: ['kind'],
  },
  largeEvaluations: {
    name: 'flagrelay_large_evaluations_total',
    type: 'counter',
    help: 'Evaluations of large contexts, which take turns with everything else, by result: done, or refused because too many waited.',
    labels: ['result'],
  },
  largeEvaluationsHeld: {
    name: 'flagrelay_large_evaluations_held_characters',
    type: 'gauge',
    help: 'Length of the large contexts that are evaluated or wait for it.',
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

/** State of one environment, read when metrics are scraped. */
export interface EnvironmentSample {
  readonly name: string;
  readonly state: string;
  readonly connected: boolean;
  readonly storeUp: boolean;
  /** ms since upstream last sent something; undefined before the first */
  readonly dataAgeMs: number | undefined;
}

/** What is read when metrics are scraped. */
export interface MetricSources {
  environments(): readonly EnvironmentSample[];
  ready(): boolean;
  /** The cache of evaluations, where there is one; `bytes` are what is kept now, the others have counted since the start. */
  evaluationCache?(): { readonly bytes: number; readonly hits: number; readonly misses: number };
  /** Where data come from sources. */
  refusedItems?(): Readonly<Record<'flags' | 'segments', number>>;
  /** Where contexts are evaluated. */
  largeEvaluations?(): { readonly done: number; readonly refused: number; readonly held: number };
  /** Daemon mode: whether this process keeps the store up to date. */
  active?(): boolean;
}

/** The metrics that code writes to. */
export interface Metrics {
  readonly registry: PromRegistry;
  readonly requests: RequestMetrics;
  readonly streams: Gauge<'kind' | 'platform'>;
  readonly streamsOpened: Counter<'kind' | 'platform'>;
  readonly streamsCut: Counter;
  readonly streamsShed: Counter;
  readonly streamsRebalanced: Counter;
  readonly propagation: Histogram;
  readonly storeOperations: Histogram<'operation'>;
  readonly eventsReceived: Counter<'environment'>;
  readonly eventsForwarded: Counter<'environment'>;
  readonly eventsDropped: Counter<'environment' | 'reason'>;
  readonly diagnosticsDropped: Counter<'environment' | 'reason'>;
  readonly jobFailures: Counter<'job'>;
  readonly configReloads: Counter<'outcome'>;
}

/** Upper bounds in seconds, of changes on their way and of calls of the database. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const LINK_STATES = ['INITIALIZING', 'VALID', 'INTERRUPTED', 'OFF'];

/** Makes the metrics of one relay. They do not share state with another relay in the same process, as in tests. */
export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry();
  // The default, 10 ms, wakes an idle relay a hundred times a second: 0.5 % of a core.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 });
  const counter = <const L extends string>(definition: MetricDefinition & { labels: readonly L[] }) =>
    new Counter<L>({ ...naming(definition), labelNames: [...definition.labels], registers: [registry] });
  const gauge = <const L extends string>(definition: MetricDefinition & { labels: readonly L[] }) =>
    new Gauge<L>({ ...naming(definition), labelNames: [...definition.labels], registers: [registry] });
  const histogram = <const L extends string>(definition: MetricDefinition & { labels: readonly L[] }) =>
    new Histogram<L>({
      ...naming(definition),
      labelNames: [...definition.labels],
      buckets: BUCKETS,
      registers: [registry],
    });
  const sampled = <const L extends string>(
    definition: MetricDefinition & { labels: readonly L[] },
    sample: (self: Gauge<L>) => void,
  ) =>
    new Gauge<L>({
      ...naming(definition),
      labelNames: [...definition.labels],
      registers: [registry],
      collect() {
        this.reset();
        sample(this);
      },
    });

  sampled(METRICS.environments, (self) => self.set(sources.environments().length));
  sampled(METRICS.ready, (self) => self.set(sources.ready() ? 1 : 0));
  const { active } = sources;
  if (active !== undefined) sampled(METRICS.active, (self) => self.set(active() ? 1 : 0));
  sampled(METRICS.linkState, (self) => {
    for (const one of sources.environments()) {
      for (const state of LINK_STATES) self.set({ environment: one.name, state }, one.state === state ? 1 : 0);
    }
  });
  sampled(METRICS.connected, (self) => {
    for (const one of sources.environments()) self.set({ environment: one.name }, one.connected ? 1 : 0);
  });
  sampled(METRICS.storeUp, (self) => {
    for (const one of sources.environments()) self.set({ environment: one.name }, one.storeUp ? 1 : 0);
  });
  sampled(METRICS.dataAge, (self) => {
    for (const one of sources.environments()) {
      if (one.dataAgeMs !== undefined) self.set({ environment: one.name }, one.dataAgeMs / 1000);
    }
  });
  const { evaluationCache } = sources;
  if (evaluationCache !== undefined) {
    sampled(METRICS.evaluationCacheBytes, (self) => self.set(evaluationCache().bytes));
    new Counter({
      ...naming(METRICS.evaluationCacheRequests),
      labelNames: [...METRICS.evaluationCacheRequests.labels],
      registers: [registry],
      collect() {
        const { hits, misses } = evaluationCache();
        this.reset();
        this.inc({ result: 'hit' }, hits);
        this.inc({ result: 'miss' }, misses);
      },
    });
  }
  const tallied = <const L extends string>(
    definition: MetricDefinition & { labels: readonly L[] },
    tally: (self: Counter<L>) => void,
  ) =>
    new Counter<L>({
      ...naming(definition),
      labelNames: [...definition.labels],
      registers: [registry],
      collect() {
        this.reset();
        tally(this);
      },
    });
  const { refusedItems, largeEvaluations } = sources;
  if (refusedItems !== undefined) {
    tallied(METRICS.itemsRefused, (self) => {
      for (const [kind, count] of Object.entries(refusedItems())) self.inc({ kind }, count);
    });
  }
  if (largeEvaluations !== undefined) {
    tallied(METRICS.largeEvaluations, (self) => {
      const { done, refused } = largeEvaluations();
      self.inc({ result: 'done' }, done);
      self.inc({ result: 'refused' }, refused);
    });
    sampled(METRICS.largeEvaluationsHeld, (self) => self.set(largeEvaluations().held));
  }
  const requests = new RequestMetrics(METRICS.requests, METRICS.duration);
  requests.register(registry);
  return {
    registry,
    requests,
    streams: gauge(METRICS.streams),
    streamsOpened: counter(METRICS.streamsOpened),
    streamsCut: counter(METRICS.streamsCut),
    streamsShed: counter(METRICS.streamsShed),
    streamsRebalanced: counter(METRICS.streamsRebalanced),
    propagation: histogram(METRICS.propagation),
    storeOperations: histogram(METRICS.storeOperations),
    eventsReceived: counter(METRICS.eventsReceived),
    eventsForwarded: counter(METRICS.eventsForwarded),
    eventsDropped: counter(METRICS.eventsDropped),
    diagnosticsDropped: counter(METRICS.diagnosticsDropped),
    jobFailures: counter(METRICS.jobFailures),
    configReloads: counter(METRICS.configReloads),
  };
}

/** A metric as prom-client wants it told, without its labels. */
export function naming({ name, help, aggregator }: MetricDefinition) {
  return { name, help, ...(aggregator && { aggregator }) };
}
