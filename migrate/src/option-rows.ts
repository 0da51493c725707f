import type { Option, Value } from '@flagrelay/relay/config';

/** What a RelayProxy has for an option of ld-relay. */
export interface OptionRow {
  /** Section and key, or the variable of an option without key: `Main.streamUri`. */
  readonly option: string;
  /** Field below `spec`; absent when there is none. */
  readonly field?: string;
  /** How the value becomes that of the field, where it is not simply taken over. */
  readonly how?: string;
  /** Why there is no field. */
  readonly because?: string;
  /** What to do instead. */
  readonly instead?: string;
  /** What pods do anyway: nothing is lost when an option without field has this value. */
  readonly same?: Value;
}

const to = (option: string, field: string, how?: string): OptionRow => ({
  option,
  field,
  ...(how === undefined ? {} : { how }),
});
const none = (option: string, because: string, instead: string, same?: Value): OptionRow => ({
  option,
  because,
  instead,
  ...(same === undefined ? {} : { same }),
});

const SECONDS = 'in whole seconds, rounded up';
const INTO_SECRET = 'goes into a Secret';
const IN_ARCHIVE = 'an archive brings the settings of its environments';

/** Each option that ld-relay and this relay know, but for those that the relay ignores or refuses, with the field that does the same. */
export const OPTION_ROWS: readonly OptionRow[] = [
  to('Main.streamUri', 'upstream.streamURI'),
  to('Main.baseUri', 'upstream.baseURI'),
  to('Main.clientSideBaseUri', 'upstream.clientSideBaseURI'),
  to('Main.port', 'service.port', 'the port of the Service and of the pods'),
  to('Main.initTimeout', 'upstream.initTimeoutSeconds', SECONDS),
  to('Main.ignoreConnectionErrors', 'upstream.onInitTimeout', '`Continue` when it is on, `Exit` when it is off'),
  to('Main.exitOnError', 'upstream.onInitTimeout', '`Exit` when it is on'),
  none(
    'Main.exitAlways',
    'a RelayProxy keeps its pods running',
    '`mode: Daemon` keeps a store up to date all the time; or run the relay image with EXIT_ALWAYS=true in a CronJob of your own',
    false,
  ),
  to('Main.daemonMode', 'mode', '`Daemon`'),
  to('Main.heartbeatInterval', 'streaming.heartbeatPeriodSeconds', `${SECONDS}; none at all becomes one an hour`),
  to('Main.maxClientConnectionTime', 'streaming.maxConnectionSeconds', `${SECONDS}, at least 60`),
  to('Main.maxClientBuffer', 'limits.streamBufferBytes', 'in bytes, 64KiB to 1GiB'),
  to('Main.maxUpstreamEventSize', 'limits.upstreamEventBytes', 'in bytes, 1MiB to 400,000,000'),
  to('Main.maxClientRequestBodySize', 'limits.requestBodyBytes', 'in bytes, 1KiB to 100MiB'),
  to('Main.disconnectedStatusTime', 'upstream.disconnectedAfterSeconds', SECONDS),
  to('Main.drainTimeout', 'podTemplate.terminationGracePeriodSeconds', 'and 10 seconds more'),
  to('Main.tlsEnabled', 'tls.secretRef', 'a Secret of type kubernetes.io/tls'),
  to('Main.tlsCert', 'tls.secretRef', 'key `tls.crt` of that Secret'),
  to('Main.tlsKey', 'tls.secretRef', 'key `tls.key` of that Secret'),
  to('Main.tlsMinVersion', 'tls.minVersion', '1.2 at least'),
  to('Main.logLevel', 'logLevel'),
  none('Main.logFormat', 'pods log JSON lines', 'let your collector read JSON', 'json'),
  none(
    'Main.bigSegmentsStaleAsDegraded',
    'the state of big segments is not part of the status',
    'alert on the metrics of big segments',
    false,
  ),
  none(
    'Main.bigSegmentsStaleThreshold',
    'the state of big segments is not part of the status',
    'alert on the metrics of big segments',
    300_000,
  ),
  none(
    'Main.expiredCredentialCleanupInterval',
    'pods look every minute',
    'nothing: an expired key is refused within a minute',
    60_000,
  ),
  none('Main.sendDiagnostics', 'pods send no diagnostics of themselves', 'use their Prometheus metrics', false),
  to('Ops.port', 'metrics.port'),
  none(
    'HTTP.enableCompression',
    'pods always compress',
    'nothing: a client that does not ask for it gets it plain',
    true,
  ),
  to('HTTP.evaluationCacheSize', 'limits.evaluationCacheBytes', 'in bytes, 1GiB at most'),
  to('HTTP.maxContextValues', 'limits.contextValues', '1,000 to 10,000,000'),
  to('HTTP.maxContextMembers', 'limits.contextMembers', '1,000 to 10,000,000'),
  to('HTTP.contextMemory', 'limits.contextMemoryBytes', 'in bytes, 1MiB to 2GiB'),
  to('HTTP.maxPatternSteps', 'limits.patternSteps', '65,536 at least'),
  to('HTTP.maxHeaderSize', 'limits.requestHeadBytes', 'in bytes'),
  to('HTTP.bodyMemory', 'limits.bodyMemoryBytes', 'in bytes, 1MiB to 2GiB'),
  to('HTTP.headMemory', 'limits.headMemoryBytes', 'in bytes, 1MiB to 2GiB'),
  to('HTTP.answerMemory', 'limits.answerMemoryBytes', 'in bytes, 1MiB to 2GiB'),
  to('HTTP.unreadTimeout', 'limits.unreadTimeoutSeconds', `${SECONDS}; never becomes an hour`),
  to('Concurrency.maxConnections', 'limits.connections', '10,000,000 at most'),
  to('Concurrency.maxStreamsPerCredential', 'limits.streamsPerCredential', '10,000,000 at most'),
  to('Concurrency.maxStreamsPerAddress', 'limits.streamsPerAddress', '10,000,000 at most'),
  to('Concurrency.maxPublicStreamsPerCredential', 'limits.publicStreamsPerCredential', '10,000,000 at most'),
  to('Concurrency.maxPublicStreamsPerAddress', 'limits.publicStreamsPerAddress', '10,000,000 at most'),
  to('Concurrency.maxConcurrent', 'limits.firstPayloads', 'no limit is no field; 1,000,000 at most'),
  to('Concurrency.maxQueued', 'limits.firstPayloadsWaiting', '1,000,000 at most'),
  to('Concurrency.sendTimeout', 'limits.firstPayloadSeconds', SECONDS),
  to('Concurrency.maxGoalsRequests', 'limits.goalsRequests', '10,000 at most'),
  to('Concurrency.workers', 'workers', '16 at most'),

  to('AutoConfig.key', 'autoConfig.keyRef', INTO_SECRET),
  to('AutoConfig.envDatastorePrefix', 'autoConfig.envDatastorePrefix', 'with a store only'),
  to('AutoConfig.envAllowedOrigin', 'autoConfig.allowedOrigins'),
  none(
    'AutoConfig.envAllowedHeader',
    'environments of AutoConfig have no such field',
    'configure by `environments` those that need `allowedHeaders`',
  ),
  none(
    'AutoConfig.cacheFile',
    'each pod keeps the last list of environments, encrypted, anyway',
    'nothing; the list is lost with its pod',
  ),
  none('AutoConfig.cacheEncryptionKey', 'the AutoConfig key encrypts that list', 'nothing'),
  to(
    'OfflineMode.fileDataSource',
    'offline',
    'from a PersistentVolumeClaim, ConfigMap or Secret; `offline.path` is the path inside of it',
  ),
  to('OfflineMode.fileDataSourceMonitoringInterval', 'offline.reloadPeriodSeconds', SECONDS),
  to('OfflineMode.maxArchiveSize', 'limits.archiveBytes', 'in bytes, 1MiB to 1GiB'),
  to('OfflineMode.maxArchiveFileSize', 'limits.archiveFileBytes', 'in bytes, 1MiB to 1GiB'),
  to('OfflineMode.maxArchiveFiles', 'limits.archiveFiles', '3 to 1,000,000'),
  none('OfflineMode.envDatastorePrefix', 'an offline RelayProxy has no store', 'nothing: each pod reads the archive'),
  none('OfflineMode.envAllowedOrigin', IN_ARCHIVE, 'restrict origins at your ingress'),
  none('OfflineMode.envAllowedHeader', IN_ARCHIVE, 'allow the headers at your ingress'),

  to('Environment.sdkKey', 'environments[].sdkKeyRef', INTO_SECRET),
  to('Environment.sdkKeyPrevious', 'environments[].sdkKeyPreviousRef', INTO_SECRET),
  to('Environment.mobileKey', 'environments[].mobileKeyRef', INTO_SECRET),
  to('Environment.envId', 'environments[].clientSideID'),
  to('Environment.prefix', 'environments[].prefix', 'with a store only'),
  to('Environment.allowedOrigin', 'environments[].allowedOrigins'),
  to('Environment.allowedHeader', 'environments[].allowedHeaders'),
  to('Environment.secureMode', 'environments[].secureMode'),
  to('Environment.logLevel', 'environments[].logLevel'),
  to('Environment.ttl', 'environments[].cacheMaxAgeSeconds', SECONDS),
  none(
    'Environment.projKey',
    'it serves payload filters only, which have no field',
    'nothing, unless you use filters: see there',
  ),
  none(
    'Environment.filterKey',
    'a RelayProxy serves whole environments',
    'run a relay for the filtered environments with a configuration of its own',
  ),
  to('Environment.dataFile', 'environments[].data.configMapKeyRef', 'the file goes into a ConfigMap'),
  none(
    'Filters.keys',
    'a RelayProxy serves whole environments',
    'take the filter out of your SDKs, or run a relay for the filtered environments with a configuration of its own',
  ),

  to('Events.sendEvents', 'events.enabled'),
  to('Events.eventsUri', 'upstream.eventsURI'),
  to('Events.flushInterval', 'events.flushPeriodSeconds', SECONDS),
  to('Events.capacity', 'events.capacity'),
  to('Events.maxInboundPayloadSize', 'limits.eventPayloadBytes', 'in bytes, 1KiB to 100MiB'),
  to('Events.memory', 'events.memoryBytes'),
  to('Events.maxValues', 'limits.eventValues', '1,000 to 10,000,000'),

  to('Redis.USE_REDIS', 'store.redis'),
  to('Redis.url', 'store.redis.url', 'user and password go into a Secret'),
  to('Redis.host', 'store.redis.url'),
  to('Redis.port', 'store.redis.url'),
  to(
    'Redis.localTtl',
    'store.redis.cachePolicy',
    'with `cacheTTLSeconds`; less than 0 is `Infinite`, 0 becomes one second',
  ),
  to('Redis.tls', 'store.redis.url', '`rediss`'),
  to('Redis.username', 'store.redis.usernameRef', INTO_SECRET),
  to('Redis.password', 'store.redis.passwordRef', INTO_SECRET),
  none(
    'Redis.mode',
    'a RelayProxy knows single servers only, so there is no store',
    'set `store.redis` to the address of a Service that leads to the master',
    'single',
  ),
  none('Redis.sentinelMaster', 'a RelayProxy knows no Sentinels', 'see `mode`'),
  none('Redis.sentinelPassword', 'a RelayProxy knows no Sentinels', 'see `mode`'),
  to('Redis.caFile', 'store.redis.caRef', INTO_SECRET),
  none('Redis.certFile', 'pods have no client certificate for Redis', 'use a user with a password'),
  none('Redis.keyFile', 'pods have no client certificate for Redis', 'use a user with a password'),

  none('Snapshot.directory', 'each pod keeps a snapshot anyway', 'nothing; it is lost with its pod'),
  none(
    'Snapshot.encryptionKey',
    "a snapshot is in the pod's own folder and goes with it",
    'encrypt the disks of your nodes',
  ),

  to('Proxy.url', 'upstream.httpProxy.url', 'user and password go into a Secret'),
  to('Proxy.user', 'upstream.httpProxy.credentialsRef', 'as `user:password` in a Secret'),
  to('Proxy.password', 'upstream.httpProxy.credentialsRef', 'as `user:password` in a Secret'),
  none(
    'Proxy.caCertFiles',
    'pods trust the authorities of their image',
    'mount the file by `podTemplate.volumes` and `volumeMounts`, and name it in `podTemplate.env` as NODE_EXTRA_CA_CERTS',
  ),

  to('Prometheus.enabled', 'metrics.enabled', 'the names are those of this relay'),
  none(
    'Prometheus.prefix',
    "pods have this relay's metrics, under its own names",
    'take the names from relay/docs/metrics.md in your dashboards and alerts',
  ),
  to('Prometheus.port', 'metrics.port'),
];

const ROWS: ReadonlyMap<string, OptionRow> = new Map(OPTION_ROWS.map((row) => [row.option.toLowerCase(), row]));

/** Name of an option in the table. */
export function idOf({ section, key, env }: Pick<Option, 'section' | 'key' | 'env'>): string {
  return `${section}.${key ?? env}`;
}

/** The row of an option. That of a secret's file is the secret's; what the relay ignores or refuses has none of its own. */
export function rowOf(option: Option): OptionRow {
  const id = idOf(option);
  const row = ROWS.get(id.toLowerCase());
  if (row) return row;
  const instead = option.unused ?? option.refused;
  if (instead !== undefined) return { option: id, because: 'this relay does not have it', instead };
  const base = id.endsWith('File') ? ROWS.get(id.slice(0, -'File'.length).toLowerCase()) : undefined;
  if (base) return { ...base, option: id };
  throw new Error(`the option ${id} has no row in migrate/src/option-rows.ts: add the field that it is migrated to`);
}
