import type { Option } from './option.ts';
import { allOf, option, section } from './option-table.ts';

const STORE_INSTEAD =
  'use Redis ([Redis], USE_REDIS) or DynamoDB ([DynamoDB], USE_DYNAMODB) as the persistent store: Consul holds no big segments and no list of AutoConfig in ld-relay either';
const PROMETHEUS_INSTEAD = 'let your collector scrape the Prometheus metrics of the ops port (OPS_PORT, /metrics)';
const BASIC_INSTEAD =
  'use a proxy with basic authentication (PROXY_AUTH_USER, PROXY_AUTH_PASSWORD), or a local proxy that speaks NTLM';

/** Options of ld-relay that this relay refuses, each with what to use instead. The first of each section switches it on. */
export const UNSUPPORTED_OPTIONS: readonly Option[] = allOf(
  section('Proxy', {
    ntlmAuth: option('switch', { env: 'PROXY_AUTH_NTLM', text: 'NTLM authentication.', refused: BASIC_INSTEAD }),
  }),
  section('Consul', {
    host: option('text', { env: 'USE_CONSUL', text: 'Consul as the store.', refused: STORE_INSTEAD }),
    token: option('text', { text: 'Consul as the store.', refused: STORE_INSTEAD }),
    tokenFile: option('text', { text: 'Consul as the store.', refused: STORE_INSTEAD }),
    localTtl: option('text', { text: 'Consul as the store.', refused: STORE_INSTEAD }),
  }),
  section('Datadog', {
    enabled: option('switch', { env: 'USE_DATADOG', text: 'Datadog exporter.', refused: PROMETHEUS_INSTEAD }),
  }),
  section('Stackdriver', {
    enabled: option('switch', { env: 'USE_STACKDRIVER', text: 'Stackdriver exporter.', refused: PROMETHEUS_INSTEAD }),
  }),
  section('OpenTelemetry', {
    enabled: option('switch', { env: 'USE_OTLP', text: 'OTLP exporter of ld-relay 9.', refused: PROMETHEUS_INSTEAD }),
  }),
);

/** Variables that older versions knew; refused by ld-relay too, because ignoring them would leave out what somebody set. */
export const OBSOLETE_VARIABLES: readonly { readonly env: string; readonly instead?: string }[] = [
  { env: 'EVENTS_SAMPLING_INTERVAL' },
  { env: 'REDIS_TTL', instead: 'CACHE_TTL' },
  { env: 'LD_TTL_MINUTES_', instead: 'LD_TTL_' },
];
