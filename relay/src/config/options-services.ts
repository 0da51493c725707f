import * as z from 'zod';
import { INTO_SECRET, member, option, path, SECONDS, section } from './option-table.ts';

const MIB = 1024 * 1024;

/** The event service. */
export const EVENTS = section('Events', {
  sendEvents: member('switch', {
    env: 'USE_EVENTS',
    default: 'false',
    text: 'Forward analytics events.',
    becomes: { field: 'events.enabled' },
  }),
  eventsUri: member('url', {
    env: 'EVENTS_HOST',
    default: 'https://events.launchdarkly.com',
    text: 'Service of events and diagnostics.',
    becomes: { field: 'upstream.eventsURI' },
  }),
  flushInterval: member('duration', {
    env: 'EVENTS_FLUSH_INTERVAL',
    default: '5s',
    least: { value: 1, rule: 'must be at least 1ms' },
    text: 'Time between two deliveries of queued events.',
    becomes: { field: 'events.flushPeriodSeconds', how: SECONDS },
  }),
  capacity: member('count', {
    env: 'EVENTS_CAPACITY',
    default: '1000',
    text: 'Events that a queue holds; it is sent when it is full.',
    becomes: { field: 'events.capacity' },
  }),
  memory: member('size', {
    env: 'EVENTS_MEMORY',
    unset: '1/8 of the memory limit, at most 128MiB',
    least: { value: 1024 * 1024, rule: 'must be at least 1MiB' },
    text: 'Memory for everything of events that waits in a process; when it is used up, posts wait for up to 3s and are then answered 503.',
    own: true,
    becomes: { field: 'events.memoryBytes' },
  }),
  inlineUsers: option('switch', {
    env: 'EVENTS_INLINE_USERS',
    text: 'From older versions.',
    unused: 'it has no effect in ld-relay either',
  }),
  maxInboundPayloadSize: member('size', {
    env: 'EVENTS_MAX_INBOUND_PAYLOAD_SIZE',
    unset: 'as maxClientRequestBodySize',
    least: { value: 1, rule: 'must be above 0; leave it out for the limit of request bodies' },
    text: 'Larger event payloads, after they were inflated, get 400.',
    becomes: { field: 'limits.eventPayloadBytes', how: 'in bytes, 1KiB to 100MiB', range: [1024, 100 * MIB] },
  }),
});

/** Redis as the store. */
export const REDIS = section('Redis', {
  USE_REDIS: option('switch', {
    keyless: true,
    env: 'USE_REDIS',
    default: 'false',
    text: 'Use Redis. Without it, or a [Redis] section in the file, the other REDIS_ variables are not read.',
    becomes: { field: 'store.redis' },
  }),
  url: member('redisUrl', {
    env: 'REDIS_URL',
    unset: 'redis://localhost:6379',
    text: 'Address, with `rediss` for TLS; several, separated by commas, for Sentinel and Cluster. Not together with `host` and `port`.',
    becomes: { field: 'store.redis.url', how: 'user and password go into a Secret' },
  }),
  host: option('text', {
    env: 'REDIS_HOST',
    default: 'localhost',
    text: 'Host name.',
    becomes: { field: 'store.redis.url' },
  }),
  port: option('redisPort', {
    env: 'REDIS_PORT',
    default: '6379',
    text: 'Port; `tcp://HOST:PORT`, as container links inject it, is taken as host and port, or ignored when an address is configured.',
    becomes: { field: 'store.redis.url' },
  }),
  localTtl: member('duration', {
    env: 'CACHE_TTL',
    unset: '30s',
    signed: true,
    schema: z.number().default(30_000),
    text: 'How long data is served from memory; 0 = always ask Redis, negative = forever.',
    becomes: {
      field: 'store.redis.cachePolicy',
      how: 'with `cacheTTLSeconds`; less than 0 is `Infinite`, 0 becomes one second',
    },
  }),
  tls: option('switch', {
    env: 'REDIS_TLS',
    default: 'false',
    text: 'TLS, as with `rediss`.',
    becomes: { field: 'store.redis.url', how: '`rediss`' },
  }),
  username: member('secret', {
    env: 'REDIS_USERNAME',
    shown: true,
    schema: z.string().optional(),
    text: 'ACL user; overrides that of the URL.',
    becomes: { field: 'store.redis.usernameRef', how: INTO_SECRET },
  }),
  password: member('secret', {
    env: 'REDIS_PASSWORD',
    schema: z.string().optional(),
    text: 'Password; overrides that of the URL.',
    becomes: { field: 'store.redis.passwordRef', how: INTO_SECRET },
  }),
  mode: member('redisMode', {
    env: 'REDIS_MODE',
    default: 'single',
    text: 'What kind of Redis it is.',
    own: true,
    becomes: {
      because: 'a RelayProxy knows single servers only, so there is no store',
      instead: 'set `store.redis` to the address of a Service that leads to the master',
      same: 'single',
    },
  }),
  sentinelMaster: member('text', {
    env: 'REDIS_SENTINEL_MASTER',
    text: 'Name of the master group; required with `sentinel`.',
    own: true,
    becomes: { because: 'a RelayProxy knows no Sentinels', instead: 'see `mode`' },
  }),
  sentinelPassword: member('secret', {
    env: 'REDIS_SENTINEL_PASSWORD',
    schema: z.string().optional(),
    text: 'Password of the Sentinels.',
    own: true,
    becomes: { because: 'a RelayProxy knows no Sentinels', instead: 'see `mode`' },
  }),
  caFile: member('path', {
    env: 'REDIS_CA_FILE',
    text: 'CA that signed the server certificate.',
    own: true,
    becomes: { field: 'store.redis.caRef', how: INTO_SECRET },
  }),
  certFile: member('path', {
    env: 'REDIS_CERT_FILE',
    text: 'Client certificate.',
    own: true,
    becomes: { because: 'pods have no client certificate for Redis', instead: 'use a user with a password' },
  }),
  keyFile: member('path', {
    env: 'REDIS_KEY_FILE',
    text: 'Private key of the client certificate.',
    own: true,
    becomes: { because: 'pods have no client certificate for Redis', instead: 'use a user with a password' },
  }),
  clientCertificateFile: option('path', {
    env: 'REDIS_CLIENT_CERT_FILE',
    text: 'Client certificate, as ld-relay 9 calls `certFile`.',
    own: true,
    becomes: { because: 'pods have no client certificate for Redis', instead: 'use a user with a password' },
  }),
  clientKeyFile: option('path', {
    env: 'REDIS_CLIENT_KEY_FILE',
    text: 'Private key of the client certificate, as ld-relay 9 calls `keyFile`.',
    own: true,
    becomes: { because: 'pods have no client certificate for Redis', instead: 'use a user with a password' },
  }),
  atomicUpsert: member('switch', {
    env: 'REDIS_ATOMIC_UPSERT',
    default: 'false',
    text: 'Write a single item by a script in Redis (`EVAL`), in one round trip, instead of by `WATCH`. The user needs the right to run scripts.',
    own: true,
    becomes: { because: 'pods write single items by `WATCH`', instead: 'nothing; the result is the same' },
  }),
  connectTimeout: member('duration', {
    env: 'REDIS_CONNECT_TIMEOUT',
    default: '3s',
    least: { value: 1, rule: 'must be at least 1ms' },
    text: 'How long connecting may take. ld-relay: 30s, and 5s for big segments.',
    own: true,
    becomes: { because: 'pods connect within 3 s', instead: 'nothing; they try again' },
  }),
  readTimeout: member('duration', {
    env: 'REDIS_READ_TIMEOUT',
    default: '5s',
    least: { value: 1, rule: 'must be at least 1ms' },
    text: 'How long the answer to a command may take. ld-relay: no limit, and 3s for big segments.',
    own: true,
    becomes: { because: 'pods wait 5 s for an answer', instead: 'nothing; the store counts as interrupted after that' },
  }),
});

/** DynamoDB as the store. */
export const DYNAMODB = section('DynamoDB', {
  enabled: option('switch', {
    env: 'USE_DYNAMODB',
    default: 'false',
    text: 'Use DynamoDB. Without it the other options of this section are not read. Credentials come by the default chain of AWS: variables, a profile, IRSA, EKS Pod Identity, the instance.',
    becomes: { field: 'store.dynamodb' },
  }),
  tableName: member('text', {
    env: 'DYNAMODB_TABLE',
    schema: z.string().min(1).optional(),
    text: 'Table of the environments without one of their own. It must exist, with the partition key `namespace` and the sort key `key`, both strings.',
    becomes: { field: 'store.dynamodb.tableName' },
  }),
  url: member('url', {
    env: 'DYNAMODB_URL',
    unset: 'the endpoint of the region',
    text: 'Endpoint of the service, for a VPC endpoint or an emulator.',
    becomes: { field: 'store.dynamodb.endpoint' },
  }),
  region: member('text', {
    env: 'AWS_REGION',
    schema: z.string().min(1).optional(),
    unset: 'AWS_DEFAULT_REGION, or that of the profile',
    text: 'AWS region of the table.',
    own: true,
    becomes: { field: 'store.dynamodb.region' },
  }),
  localTtl: member('duration', {
    env: 'CACHE_TTL',
    unset: '30s',
    signed: true,
    schema: z.number().default(30_000),
    text: 'How long data is served from memory; 0 = always ask DynamoDB, negative = indefinitely.',
    becomes: {
      field: 'store.dynamodb.cachePolicy',
      how: 'with `cacheTTLSeconds`; less than 0 is `Infinite`, 0 becomes one second',
    },
  }),
});

/** The last good data on disk. */
export const SNAPSHOT = section('Snapshot', {
  directory: member('path', {
    env: 'SNAPSHOT_DIRECTORY',
    schema: path(),
    text: 'Folder for the last good data, so that a restart during an outage of LaunchDarkly serves at once.',
    own: true,
    becomes: { because: 'each pod keeps a snapshot anyway', instead: 'nothing; it is lost with its pod' },
  }),
  encryptionKey: member('secret', {
    env: 'SNAPSHOT_ENCRYPTION_KEY',
    text: 'What the snapshots are encrypted with; without it they are in clear.',
    own: true,
    becomes: {
      because: "a snapshot is in the pod's own folder and goes with it",
      instead: 'encrypt the disks of your nodes',
    },
  }),
});

/** The way out. */
export const PROXY = section('Proxy', {
  url: member('url', {
    env: 'PROXY_URL',
    text: 'HTTP proxy for everything outbound. `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` are honoured too.',
    becomes: { field: 'upstream.httpProxy.url', how: 'user and password go into a Secret' },
  }),
  user: option('text', {
    env: 'PROXY_AUTH_USER',
    text: 'User for basic authentication at the proxy.',
    becomes: { field: 'upstream.httpProxy.credentialsRef', how: 'as `user:password` in a Secret' },
  }),
  password: option('secret', {
    env: 'PROXY_AUTH_PASSWORD',
    text: 'Password for basic authentication at the proxy.',
    becomes: { field: 'upstream.httpProxy.credentialsRef', how: 'as `user:password` in a Secret' },
  }),
  caCertFiles: member('list', {
    env: 'PROXY_CA_CERTS',
    schema: z.array(path()).default([]),
    text: 'More CA files, in addition to those of the system.',
    becomes: {
      because: 'pods trust the authorities of their image',
      instead:
        'mount the file by `podTemplate.volumes` and `volumeMounts`, and name it in `podTemplate.env` as NODE_EXTRA_CA_CERTS',
    },
  }),
  domain: option('text', { env: 'PROXY_AUTH_DOMAIN', text: 'NTLM domain.', unused: 'NTLM is not supported' }),
});

/** ld-relay's own metrics. */
export const PROMETHEUS = section('Prometheus', {
  enabled: option('switch', {
    env: 'USE_PROMETHEUS',
    default: 'false',
    text: "ld-relay's own metric names, beside those of this relay.",
    becomes: { field: 'metrics.enabled', how: 'the names are those of this relay' },
  }),
  prefix: member('text', {
    env: 'PROMETHEUS_PREFIX',
    default: 'launchdarkly_relay',
    text: 'Prefix of those names.',
    becomes: {
      because: "pods have this relay's metrics, under its own names",
      instead: 'take the names from relay/docs/metrics.md in your dashboards and alerts',
    },
  }),
  port: option('port', {
    env: 'PROMETHEUS_PORT',
    default: '8031',
    text: 'The same as the `port` of Ops; read only if `enabled`.',
    becomes: { field: 'metrics.port' },
  }),
});
