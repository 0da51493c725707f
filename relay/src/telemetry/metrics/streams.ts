import type { MetricDefinition } from './definition.ts';

/** Metrics of SDK streams. */
export const STREAM_METRICS = {
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
    help: 'SDK streams, and polls for a whole data set, that were turned away with 503, by reason: too many first payloads were being sent (queue for streams, polls), or too many streams were open with the same credential, from the same address, or with mobile keys and client-side IDs altogether (public).',
    labels: ['reason'],
  },
  firstPayloads: {
    name: 'flagrelay_first_payloads',
    type: 'gauge',
    help: 'Streams and polls for a whole data set that have one of the INIT_MAX_CONCURRENT places (held), or wait for one (waiting).',
    labels: ['state'],
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
} as const satisfies Record<string, MetricDefinition>;
