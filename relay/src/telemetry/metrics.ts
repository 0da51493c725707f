import { type Counter, collectDefaultMetrics, type Gauge, type Histogram, Registry } from 'prom-client';
import type { MetricDefinition } from './metrics/definition.ts';
import { ENVIRONMENT_METRICS } from './metrics/environments.ts';
import { EVENT_METRICS } from './metrics/events.ts';
import { HTTP_METRICS } from './metrics/http.ts';
import { instrumentsOf } from './metrics/instruments.ts';
import { PROCESS_METRICS } from './metrics/process.ts';
import { registerSampled } from './metrics/sampled.ts';
import type { MetricSources } from './metrics/sources.ts';
import { STREAM_METRICS } from './metrics/streams.ts';
import { RequestMetrics } from './request-metrics.ts';

export { type MetricDefinition, naming } from './metrics/definition.ts';
export { registerConfig, registerRefusedItems } from './metrics/sampled.ts';
export type { ConfigSources, EnvironmentSample, MetricSources } from './metrics/sources.ts';

/**
 * Every metric of the relay: the documentation, the dashboards and the alerts are checked against this table. Label values
 * come from the configuration or from fixed sets, never from requests.
 */
export const METRICS = {
  ...HTTP_METRICS,
  ...STREAM_METRICS,
  ...ENVIRONMENT_METRICS,
  ...EVENT_METRICS,
  ...PROCESS_METRICS,
} as const satisfies Record<string, MetricDefinition>;

/** The metrics that code writes to. */
export interface Metrics {
  readonly registry: Registry;
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

/** Makes the metrics of one relay. They do not share state with another relay in the same process, as in tests. */
export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry();
  // The default, 10 ms, wakes an idle relay a hundred times a second: 0.5 % of a core.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 });
  registerSampled(registry, sources);
  const requests = new RequestMetrics(METRICS.requests, METRICS.duration);
  requests.register(registry);
  const make = instrumentsOf(registry);
  return {
    registry,
    requests,
    streams: make.gauge(METRICS.streams),
    streamsOpened: make.counter(METRICS.streamsOpened),
    streamsCut: make.counter(METRICS.streamsCut),
    connectionsRefused: make.counter(METRICS.connectionsRefused),
    connectionsCut: make.counter(METRICS.connectionsCut),
    goalsShed: make.counter(METRICS.goalsShed),
    streamsShed: make.counter(METRICS.streamsShed),
    streamsRebalanced: make.counter(METRICS.streamsRebalanced),
    propagation: make.histogram(METRICS.propagation),
    storeOperations: make.histogram(METRICS.storeOperations),
    eventsReceived: make.counter(METRICS.eventsReceived),
    eventsForwarded: make.counter(METRICS.eventsForwarded),
    eventsDropped: make.counter(METRICS.eventsDropped),
    eventPostsDelayed: make.counter(METRICS.eventPostsDelayed),
    eventPostsTurnedAway: make.counter(METRICS.eventPostsTurnedAway),
    diagnosticsDropped: make.counter(METRICS.diagnosticsDropped),
    jobFailures: make.counter(METRICS.jobFailures),
    configReloads: make.counter(METRICS.configReloads),
  };
}
