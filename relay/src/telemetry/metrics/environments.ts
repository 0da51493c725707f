import type { MetricDefinition } from './definition.ts';

/** Metrics of environments: link, data and store. */
export const ENVIRONMENT_METRICS = {
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
  expiringKeys: {
    name: 'flagrelay_expiring_keys',
    type: 'gauge',
    help: 'Keys of the environment that end by themselves, as the former one after a rotation.',
    labels: ['environment'],
    aggregator: 'max',
  },
  nextKeyExpiry: {
    name: 'flagrelay_next_key_expiry_timestamp_seconds',
    type: 'gauge',
    help: 'When the next of them ends, in seconds since 1970; absent without any.',
    labels: ['environment'],
    aggregator: 'min',
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
} as const satisfies Record<string, MetricDefinition>;
