import type { Option } from './option.ts';
import { allOf, option, section } from './option-table.ts';

const STORE_INSTEAD =
  'use Redis ([Redis], USE_REDIS) or DynamoDB ([DynamoDB], USE_DYNAMODB) as the persistent store: Consul holds no big segments and no list of AutoConfig in ld-relay either';
const PROMETHEUS_INSTEAD = 'let your collector scrape the Prometheus metrics of the ops port (OPS_PORT, /metrics)';
const NO_CONSUL = 'there is no Consul store';
const BASIC_INSTEAD =
  'use a proxy with basic authentication (PROXY_AUTH_USER, PROXY_AUTH_PASSWORD), or a local proxy that speaks NTLM';

const AT_ONCE = 'pings go out at once; SDKs that ask for the same data share one answer';
const NO_METRICS = 'this relay counts events in its own metrics, which have a bound of their own';
const OWN_POOL = 'connections to LaunchDarkly are kept and closed by rules of this relay; few are open at a time';

/** Options of ld-relay that this relay does not have, each with what to use instead. Those that are refused would leave it without store or way out. */
export const UNSUPPORTED_OPTIONS: readonly Option[] = allOf(
  section('Main', {
    pingStreamJitterTime: option('duration', {
      env: 'PING_STREAM_JITTER_TIME',
      text: 'Random delay of pings, in ld-relay since 8.16.',
      own: true,
      unused: AT_ONCE,
    }),
  }),
  section('Events', {
    metricsCapacity: option('number', {
      env: 'EVENTS_METRICS_CAPACITY',
      text: 'Queue of usage metrics, in newer ld-relays.',
      own: true,
      unused: NO_METRICS,
    }),
  }),
  section('HTTP', {
    idleConnTimeout: pool('duration', 'HTTP_IDLE_CONN_TIMEOUT', 'How long idle connections to LaunchDarkly are kept'),
    maxIdleConns: pool('number', 'HTTP_MAX_IDLE_CONNS', 'How many are'),
    maxIdleConnsPerHost: pool('number', 'HTTP_MAX_IDLE_CONNS_PER_HOST', 'How many are to one host'),
    disableKeepAlives: pool('switch', 'HTTP_DISABLE_KEEPALIVE', 'One connection for each request to LaunchDarkly'),
  }),
  section('Proxy', {
    ntlmAuth: option('switch', { env: 'PROXY_AUTH_NTLM', text: 'NTLM authentication.', refused: BASIC_INSTEAD }),
  }),
  section('Consul', {
    host: option('text', { env: 'USE_CONSUL', text: 'Consul as the store.', refused: STORE_INSTEAD }),
    token: option('text', { text: 'Consul as the store.', unused: NO_CONSUL }),
    tokenFile: option('text', { text: 'Consul as the store.', unused: NO_CONSUL }),
    localTtl: option('text', { text: 'Consul as the store.', unused: NO_CONSUL }),
  }),
  section('Datadog', {
    enabled: option('switch', { env: 'USE_DATADOG', text: 'Datadog exporter.', unused: PROMETHEUS_INSTEAD }),
  }),
  section('Stackdriver', {
    enabled: option('switch', { env: 'USE_STACKDRIVER', text: 'Stackdriver exporter.', unused: PROMETHEUS_INSTEAD }),
  }),
  section('OpenTelemetry', {
    enabled: option('switch', { env: 'USE_OTLP', text: 'OTLP exporter of ld-relay 9.', unused: PROMETHEUS_INSTEAD }),
  }),
);

/** An option of the pool of connections to LaunchDarkly, in ld-relay since 8.15. */
function pool<T extends 'duration' | 'number' | 'switch'>(type: T, env: string, text: string) {
  return option(type, { env, text: `${text}, in ld-relay since 8.15.`, own: true, unused: OWN_POOL });
}

/** Variables that older versions knew; refused by ld-relay too, because ignoring them would leave out what somebody set. */
export const OBSOLETE_VARIABLES: readonly { readonly env: string; readonly instead?: string }[] = [
  { env: 'EVENTS_SAMPLING_INTERVAL' },
  { env: 'REDIS_TTL', instead: 'CACHE_TTL' },
  { env: 'LD_TTL_MINUTES_', instead: 'LD_TTL_' },
];
