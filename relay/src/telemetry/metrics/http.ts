import type { MetricDefinition } from './definition.ts';

/** Metrics of the SDK port: requests, connections, and the memory that clients together take. */
export const HTTP_METRICS = {
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
    help: 'Connections to the SDK port that were closed at once because there were too many and none could give way.',
    labels: [],
  },
  connectionsCut: {
    name: 'flagrelay_connections_cut_total',
    type: 'counter',
    help: 'Connections that were cut: nothing was read of what waited (unread), or too slowly (slow), they gave way to new ones where there were too many (full), unread answers or unfinished request heads took too much memory (answers, heads), or too many requests came at once (pipelined).',
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
} as const satisfies Record<string, MetricDefinition>;
