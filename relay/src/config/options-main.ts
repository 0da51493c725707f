import * as z from 'zod';
import { member, option, path, SECONDS, section } from './option-table.ts';

const MIB = 1024 * 1024;

/** Options of the relay as a whole: its port, streams, log and life. */
export const MAIN = section('Main', {
  streamUri: member('url', {
    env: 'STREAM_URI',
    default: 'https://stream.launchdarkly.com',
    text: 'Service of the flag, big-segment and AutoConfig streams.',
    becomes: { field: 'upstream.streamURI' },
  }),
  baseUri: member('url', {
    env: 'BASE_URI',
    default: 'https://sdk.launchdarkly.com',
    text: 'Service that is polled (big segments). The old `https://app.launchdarkly.com` means the default.',
    becomes: { field: 'upstream.baseURI' },
  }),
  clientSideBaseUri: member('url', {
    env: 'CLIENT_SIDE_BASE_URI',
    default: 'https://clientsdk.launchdarkly.com',
    text: 'Service of the goals. If `baseUri` is set and this is not, it is the same as `baseUri`.',
    becomes: { field: 'upstream.clientSideBaseURI' },
  }),
  port: member('port', {
    env: 'PORT',
    default: '8030',
    text: 'Port for SDKs.',
    becomes: { field: 'service.port', how: 'the port of the Service and of the pods' },
  }),
  initTimeout: member('duration', {
    env: 'INIT_TIMEOUT',
    default: '10s',
    text: 'How long each environment may take to get its first data; after that see `ignoreConnectionErrors`.',
    becomes: { field: 'upstream.initTimeoutSeconds', how: SECONDS },
  }),
  ignoreConnectionErrors: option('switch', {
    env: 'IGNORE_CONNECTION_ERRORS',
    default: 'false',
    text: 'Go on when an environment has no data after `initTimeout`; otherwise the relay exits with a message.',
    becomes: { field: 'upstream.onInitTimeout', how: '`Continue` when it is on, `Exit` when it is off' },
  }),
  exitOnError: option('switch', {
    env: 'EXIT_ON_ERROR',
    default: 'false',
    text: 'Exit after `initTimeout` without data even if `ignoreConnectionErrors` is on.',
    becomes: { field: 'upstream.onInitTimeout', how: '`Exit` when it is on' },
  }),
  exitAlways: member('switch', {
    env: 'EXIT_ALWAYS',
    default: 'false',
    text: 'Fill the store and exit: 0 if every environment got its data, else 1.',
    becomes: {
      because: 'a RelayProxy keeps its pods running',
      instead:
        '`mode: Daemon` keeps a store up to date all the time; or run the relay image with EXIT_ALWAYS=true in a CronJob of your own',
      same: false,
    },
  }),
  daemonMode: option('switch', {
    env: 'DAEMON_MODE',
    default: 'false',
    text: 'Only keep the store up to date, for SDKs in daemon mode: there is no port for SDKs. Needs Redis.',
    own: true,
    becomes: { field: 'mode', how: '`Daemon`' },
  }),
  heartbeatInterval: member('duration', {
    env: 'HEARTBEAT_INTERVAL',
    default: '3m',
    text: 'Time between comments on idle streams; 0 or less = none.',
    becomes: { field: 'streaming.heartbeatPeriodSeconds', how: `${SECONDS}; none at all becomes one an hour` },
  }),
  maxClientConnectionTime: member('duration', {
    env: 'MAX_CLIENT_CONNECTION_TIME',
    schema: z.number().min(0).default(0),
    text: 'Streams are closed after this time (less up to 10 % at random); 0 or less = never.',
    becomes: { field: 'streaming.maxConnectionSeconds', how: `${SECONDS}, at least 60` },
  }),
  maxClientBuffer: member('size', {
    env: 'MAX_CLIENT_BUFFER',
    default: '16MiB',
    least: { value: 1024, rule: 'must be at least 1KiB' },
    text: 'A stream whose client has more than this unread is cut.',
    own: true,
    becomes: { field: 'limits.streamBufferBytes', how: 'in bytes, 64KiB to 1GiB', range: [65_536, 1024 * MIB] },
  }),
  clientWriteMinBytesPerSecond: member('number', {
    env: 'CLIENT_WRITE_MIN_BYTES_PER_SECOND',
    default: '1024',
    text: 'What a client has to read at least while something waits for it, in bytes a second over the time beyond `clientWriteSlack`; one that is slower is cut. For answers and streams. 0 = as slow as it likes.',
    own: true,
    becomes: { field: 'limits.readBytesPerSecond', how: '100MiB at most', range: [0, 104_857_600] },
  }),
  clientWriteSlack: member('duration', {
    env: 'CLIENT_WRITE_SLACK',
    default: '30s',
    least: { value: 1, rule: 'must be more than 0' },
    text: 'For how long something may wait for a client before `clientWriteMinBytesPerSecond` counts.',
    own: true,
    becomes: { field: 'limits.readSlackSeconds', how: SECONDS, range: [1, 3600] },
  }),
  clientWriteMaxTime: member('duration', {
    env: 'CLIENT_WRITE_MAX_TIME',
    default: '0',
    text: 'A client for which something waits for this time on end is cut, however fast it reads; 0 = never.',
    own: true,
    becomes: { field: 'limits.readMaxSeconds', how: `${SECONDS}; 0 is no field`, range: [1, 86_400], zero: 'no field' },
  }),
  maxClientRequestBodySize: member('size', {
    env: 'MAX_CLIENT_REQUEST_BODY_SIZE',
    alsoIn: ['HTTP'],
    unset: '1MiB, events 5MiB',
    least: { value: 1, rule: 'must be above 0' },
    text: 'Larger request bodies, after they were inflated, get 413. Set, it holds for contexts and events alike. In ld-relay since 8.22; `[HTTP]` is understood, too.',
    own: true,
    becomes: { field: 'limits.requestBodyBytes', how: 'in bytes, 1KiB to 100MiB', range: [1024, 100 * MIB] },
  }),
  disconnectedStatusTime: member('duration', {
    env: 'DISCONNECTED_STATUS_TIME',
    default: '1m',
    text: 'How long a link may be down before `/status` calls its environment disconnected.',
    becomes: { field: 'upstream.disconnectedAfterSeconds', how: SECONDS },
  }),
  drainTimeout: member('duration', {
    env: 'DRAIN_TIMEOUT',
    default: '20s',
    text: 'Time over which open streams are closed after SIGTERM.',
    own: true,
    becomes: { field: 'podTemplate.terminationGracePeriodSeconds', how: 'and 10 seconds more' },
  }),
  tlsEnabled: option('switch', {
    env: 'TLS_ENABLED',
    default: 'false',
    text: 'HTTPS for SDKs; needs `tlsCert` and `tlsKey`.',
    becomes: { field: 'tls.secretRef', how: 'a Secret of type kubernetes.io/tls' },
  }),
  tlsCert: member('path', {
    env: 'TLS_CERT',
    schema: path(),
    text: 'PEM file of the certificate chain.',
    becomes: { field: 'tls.secretRef', how: 'key `tls.crt` of that Secret' },
  }),
  tlsKey: member('path', {
    env: 'TLS_KEY',
    schema: path(),
    text: 'PEM file of the private key.',
    becomes: { field: 'tls.secretRef', how: 'key `tls.key` of that Secret' },
  }),
  tlsMinVersion: member('tlsVersion', {
    env: 'TLS_MIN_VERSION',
    default: '1.2',
    text: 'Lowest TLS version that is accepted.',
    becomes: { field: 'tls.minVersion', how: '1.2 at least' },
  }),
  logLevel: member('level', {
    env: 'LOG_LEVEL',
    default: 'info',
    text: 'Lowest level that is logged.',
    becomes: { field: 'logLevel' },
  }),
  logFormat: member('logFormat', {
    env: 'LOG_FORMAT',
    unset: 'text',
    schema: z.enum(['json', 'text']).default('json'),
    text: 'Form of a log line.',
    own: true,
    becomes: { because: 'pods log JSON lines', instead: 'let your collector read JSON', same: 'json' },
  }),
  bigSegmentsStaleAsDegraded: member('switch', {
    env: 'BIG_SEGMENTS_STALE_AS_DEGRADED',
    default: 'false',
    text: 'Stale big segments make `/status` degraded.',
    becomes: {
      because: 'the state of big segments is not part of the status',
      instead: 'alert on the metrics of big segments',
      same: false,
    },
  }),
  bigSegmentsStaleThreshold: member('duration', {
    env: 'BIG_SEGMENTS_STALE_THRESHOLD',
    default: '5m',
    text: 'Age from which big segments are stale.',
    becomes: {
      because: 'the state of big segments is not part of the status',
      instead: 'alert on the metrics of big segments',
      same: 300_000,
    },
  }),
  expiredCredentialCleanupInterval: member('duration', {
    env: 'EXPIRED_CREDENTIAL_CLEANUP_INTERVAL',
    default: '1m',
    least: { value: 100, rule: 'must be at least 100ms' },
    text: 'How often expired SDK keys are looked for; at least 100ms.',
    becomes: {
      because: 'pods look every minute',
      instead: 'nothing: an expired key is refused within a minute',
      same: 60_000,
    },
  }),
  sendDiagnostics: member('switch', {
    env: 'SEND_DIAGNOSTICS',
    default: 'false',
    text: 'Send diagnostics and usage metrics of the relay itself to the events service.',
    own: true,
    becomes: {
      because: 'pods send no diagnostics of themselves',
      instead: 'use their Prometheus metrics',
      same: false,
    },
  }),
  LD_TRACE_LOG_BIG_SEGMENTS: option('switch', {
    keyless: true,
    env: 'LD_TRACE_LOG_BIG_SEGMENTS',
    text: 'More log lines about big segments.',
    unused: 'use logLevel debug',
  }),
});

/** Options of the port for probes and metrics. */
export const OPS = section('Ops', {
  port: member('port', {
    env: 'OPS_PORT',
    default: '8031',
    text: 'Port of `/livez`, `/readyz` and `/metrics`. If it is not set and the default is in use, the relay runs without.',
    own: true,
    becomes: { field: 'metrics.port' },
  }),
});
