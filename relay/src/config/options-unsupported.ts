import type { Option } from './option.ts';

const REDIS_INSTEAD = 'use Redis ([Redis], USE_REDIS) as the persistent store';
const PROMETHEUS_INSTEAD = 'let your collector scrape the Prometheus metrics of the ops port (OPS_PORT, /metrics)';
const BASIC_INSTEAD =
  'use a proxy with basic authentication (PROXY_AUTH_USER, PROXY_AUTH_PASSWORD), or a local proxy that speaks NTLM';

/** Options of ld-relay that this relay refuses, each with what to use instead. The first of each section switches it on. */
export const UNSUPPORTED_OPTIONS: readonly Option[] = [
  {
    section: 'Proxy',
    key: 'ntlmAuth',
    env: 'PROXY_AUTH_NTLM',
    type: 'switch',
    text: 'NTLM authentication.',
    refused: BASIC_INSTEAD,
  },
  {
    section: 'Consul',
    key: 'host',
    env: 'USE_CONSUL',
    type: 'text',
    text: 'Consul as the store.',
    refused: REDIS_INSTEAD,
  },
  { section: 'Consul', key: 'token', type: 'text', text: 'Consul as the store.', refused: REDIS_INSTEAD },
  { section: 'Consul', key: 'tokenFile', type: 'text', text: 'Consul as the store.', refused: REDIS_INSTEAD },
  { section: 'Consul', key: 'localTtl', type: 'text', text: 'Consul as the store.', refused: REDIS_INSTEAD },
  {
    section: 'DynamoDB',
    key: 'enabled',
    env: 'USE_DYNAMODB',
    type: 'switch',
    text: 'DynamoDB as the store.',
    refused: REDIS_INSTEAD,
  },
  {
    section: 'Datadog',
    key: 'enabled',
    env: 'USE_DATADOG',
    type: 'switch',
    text: 'Datadog exporter.',
    refused: PROMETHEUS_INSTEAD,
  },
  {
    section: 'Stackdriver',
    key: 'enabled',
    env: 'USE_STACKDRIVER',
    type: 'switch',
    text: 'Stackdriver exporter.',
    refused: PROMETHEUS_INSTEAD,
  },
  {
    section: 'OpenTelemetry',
    key: 'enabled',
    env: 'USE_OTLP',
    type: 'switch',
    text: 'OTLP exporter of ld-relay 9.',
    refused: PROMETHEUS_INSTEAD,
  },
];

/** Variables that older versions knew; refused by ld-relay too, because ignoring them would leave out what somebody set. */
export const OBSOLETE_VARIABLES: readonly { readonly env: string; readonly instead?: string }[] = [
  { env: 'EVENTS_SAMPLING_INTERVAL' },
  { env: 'REDIS_TTL', instead: 'CACHE_TTL' },
  { env: 'LD_TTL_MINUTES_', instead: 'LD_TTL_' },
];
