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
  connections: {
    name: 'flagrelay_connections',
    type: 'gauge',
    help: 'Open connections to the SDK port, streams too.',
    labels: [],
  },
  connectionsRefused: {
    name: 'flagrelay_connections_refused_total',
    type: 'counter',
    help: 'Connections to the SDK port that were closed at once because there were too many.',
    labels: [],
  },
  connectionsCut: {
    name: 'flagrelay_connections_cut_total',
    type: 'counter',
    help: 'Connections that were cut: nothing was read of what waited (unread), unread answers or unfinished request heads took too much memory (answers, heads), or too many requests came at once (pipelined).',
    labels: ['reason'],
  },
  memoryBytes: {
    name: 'flagrelay_memory_bytes',
    type: 'gauge',
    help: 'Memory that is taken for what clients together are bounded in: request bodies, unread answers, large contexts that are evaluated or wait for it, and events that wait to be sent or to be taken.',
    labels: ['of'],
  },
  memoryLimit: {
    name: 'flagrelay_memory_limit_bytes',
    type: 'gauge',
    help: 'The bound of flagrelay_memory_bytes.',
    labels: ['of'],
  },
  memoryRefused: {
    name: 'flagrelay_memory_refused_total',
    type: 'counter',
    help: 'Times that there was no room within the bound: a request waited, was answered 503, or a slow one gave way.',
    labels: ['of'],
  },
  goalsShed: {
    name: 'flagrelay_goals_shed_total',
    type: 'counter',
    help: 'Requests for goals that were turned away with 503 because too many waited for upstream.',
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
    help: 'SDK streams that were turned away with 503 because too many were being opened, or were open with the same credential or from the same address.',
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
  environmentsRefused: {
    name: 'flagrelay_environments_refused',
    type: 'gauge',
    help: '1 for each environment (or `filters/ID`) that AutoConfig or the archive describes in a way that cannot be used.',
    labels: ['environment'],
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
  eventPostsDelayed: {
    name: 'flagrelay_event_posts_delayed_total',
    type: 'counter',
    help: 'Posts of events whose answer waited because there was no room.',
    labels: ['environment'],
  },
  eventPostsTurnedAway: {
    name: 'flagrelay_event_posts_turned_away_total',
    type: 'counter',
    help: 'Posts of events that were answered with 503 because there was no room; SDKs send them again.',
    labels: ['environment'],
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

/** State of one environment, read when metrics are scraped. */
export interface EnvironmentSample {
  readonly name: string;
  readonly state: string;
  readonly connected: boolean;
  readonly storeUp: boolean;
  /** The file of one of its keys is missing. */
  readonly credentialMissing: boolean;
  /** ms since upstream last sent something; undefined before the first */
  readonly dataAgeMs: number | undefined;
}

/** How the process stands to its configuration. */
export interface ConfigSources {
  /** Parts of the document that wait for a restart. */
  held(): readonly string[];
  readonly absences: { states(): readonly { readonly input: string; readonly missing: boolean }[] };
}

/** What is read when metrics are scraped. */
export interface MetricSources {
  environments(): readonly EnvironmentSample[];
  ready(): boolean;
  /** What the process cannot read, and what of its configuration waits. */
  readonly config: ConfigSources;
  /** IDs of environments whose description cannot be used. */
  refused?(): readonly string[];
  /** The cache of evaluations, where there is one; `bytes` are what is kept now, the others have counted since the start. */
  evaluationCache?(): { readonly bytes: number; readonly hits: number; readonly misses: number };
  /** Open connections of SDKs. */
  connections?(): number;
  /** What clients together are bounded in, by what it is. */
  memory?(): Readonly<Record<string, { readonly used: number; readonly limit: number }>>;
  /** How often there was no room, since the start. */
  memoryRefused?(): Readonly<Record<string, number>>;
  /** Where data come from sources. */
  refusedItems?(): Readonly<Record<'flags' | 'segments', number>>;
  /** Where contexts are evaluated. */
  largeEvaluations?(): number;
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
  readonly connectionsRefused: Counter;
  readonly connectionsCut: Counter<'reason'>;
  readonly goalsShed: Counter;
  readonly streamsShed: Counter;
  readonly streamsRebalanced: Counter;
  readonly propagation: Histogram;
  readonly storeOperations: Histogram<'operation'>;
  readonly eventsReceived: Counter<'environment'>;
  readonly eventsForwarded: Counter<'environment'>;
  readonly eventsDropped: Counter<'environment' | 'reason'>;
  readonly eventPostsDelayed: Counter<'environment'>;
  readonly eventPostsTurnedAway: Counter<'environment'>;
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
  const { refused } = sources;
  if (refused !== undefined) {
    sampled(METRICS.environmentsRefused, (self) => {
      for (const environment of refused()) self.set({ environment }, 1);
    });
  }
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
  sampled(METRICS.credentialMissing, (self) => {
    for (const one of sources.environments()) self.set({ environment: one.name }, one.credentialMissing ? 1 : 0);
  });
  registerConfig(registry, sources.config);
  sampled(METRICS.dataAge, (self) => {
    for (const one of sources.environments()) {
      if (one.dataAgeMs !== undefined) self.set({ environment: one.name }, one.dataAgeMs / 1000);
    }
  });
  const { connections, memory, memoryRefused } = sources;
  if (connections !== undefined) sampled(METRICS.connections, (self) => self.set(connections()));
  if (memory !== undefined) {
    sampled(METRICS.memoryBytes, (self) => {
      for (const [of, { used }] of Object.entries(memory())) self.set({ of }, used);
    });
    sampled(METRICS.memoryLimit, (self) => {
      for (const [of, { limit }] of Object.entries(memory())) self.set({ of }, limit);
    });
  }
  if (memoryRefused !== undefined) {
    new Counter({
      ...naming(METRICS.memoryRefused),
      labelNames: [...METRICS.memoryRefused.labels],
      registers: [registry],
      collect() {
        this.reset();
        for (const [of, times] of Object.entries(memoryRefused())) this.inc({ of }, times);
      },
    });
  }
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
  if (refusedItems !== undefined) registerRefusedItems(registry, refusedItems);
  if (largeEvaluations !== undefined) {
    tallied(METRICS.largeEvaluations, (self) => self.inc(largeEvaluations()));
  }
  const requests = new RequestMetrics(METRICS.requests, METRICS.duration);
  requests.register(registry);
  return {
    registry,
    requests,
    streams: gauge(METRICS.streams),
    streamsOpened: counter(METRICS.streamsOpened),
    streamsCut: counter(METRICS.streamsCut),
    connectionsRefused: counter(METRICS.connectionsRefused),
    connectionsCut: counter(METRICS.connectionsCut),
    goalsShed: counter(METRICS.goalsShed),
    streamsShed: counter(METRICS.streamsShed),
    streamsRebalanced: counter(METRICS.streamsRebalanced),
    propagation: histogram(METRICS.propagation),
    storeOperations: histogram(METRICS.storeOperations),
    eventsReceived: counter(METRICS.eventsReceived),
    eventsForwarded: counter(METRICS.eventsForwarded),
    eventsDropped: counter(METRICS.eventsDropped),
    eventPostsDelayed: counter(METRICS.eventPostsDelayed),
    eventPostsTurnedAway: counter(METRICS.eventPostsTurnedAway),
    diagnosticsDropped: counter(METRICS.diagnosticsDropped),
    jobFailures: counter(METRICS.jobFailures),
    configReloads: counter(METRICS.configReloads),
  };
}

/** What every process of a relay tells of the items that it left out. */
export function registerRefusedItems(
  registry: PromRegistry,
  refusedItems: () => Readonly<Record<'flags' | 'segments', number>>,
): void {
  new Counter({
    ...naming(METRICS.itemsRefused),
    labelNames: [...METRICS.itemsRefused.labels],
    registers: [registry],
    collect() {
      this.reset();
      for (const [kind, count] of Object.entries(refusedItems())) this.inc({ kind }, count);
    },
  });
}

/** What every process of a relay tells of its configuration. */
export function registerConfig(registry: PromRegistry, { held, absences }: ConfigSources): void {
  const registers = [registry];
  new Gauge({
    ...naming(METRICS.configHeld),
    registers,
    collect() {
      this.set(held().length);
    },
  });
  new Gauge({
    ...naming(METRICS.inputMissing),
    labelNames: [...METRICS.inputMissing.labels],
    registers,
    collect() {
      for (const { input, missing } of absences.states()) this.set({ input }, missing ? 1 : 0);
    },
  });
}

/** A metric as prom-client wants it told, without its labels. */
export function naming({ name, help, aggregator }: MetricDefinition) {
  return { name, help, ...(aggregator && { aggregator }) };
}
