import type { MetricDefinition } from './definition.ts';

/** Metrics of analytics and diagnostic events. */
export const EVENT_METRICS = {
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
} as const satisfies Record<string, MetricDefinition>;
