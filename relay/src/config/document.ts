import * as z from 'zod';
import { path } from './option-table.ts';
import { AUTO_CONFIG, ENVIRONMENT, OFFLINE } from './options-environments.ts';
import { CONCURRENCY_LIMITS, EVENTS_LIMITS, HTTP_LIMITS, MAIN_LIMITS, OFFLINE_LIMITS } from './options-limits.ts';
import { CONCURRENCY, HTTP } from './options-listener.ts';
import { MAIN, OPS } from './options-main.ts';
import { DYNAMODB, EVENTS, PROMETHEUS, PROXY, REDIS, SNAPSHOT } from './options-services.ts';

// A document is read once: code generated for each of its objects costs a start more than it saves.
z.config({ jitless: true });

/**
 * The relay's configuration, whoever wrote it: ld-relay's environment variables and INI file, the command line, or the
 * JSON document that the operator mounts. Durations are ms, sizes are bytes. A secret is given inline (from an
 * environment variable) or as the path of a file that is watched (`…File`), so that rotation needs no restart.
 *
 * A member that is an option takes type, bounds and default from the option's row; what each does is said there.
 */

/** TLS of the SDK listener. */
const tls = z.strictObject({
  certFile: MAIN.tlsCert.schema,
  keyFile: MAIN.tlsKey.schema,
  minVersion: MAIN.tlsMinVersion.schema,
});

/** The listener that SDKs use; memory, connections and streams are of each worker. */
export const server = z.strictObject({
  port: MAIN.port.schema,
  tls: tls.optional(),
  /** Absent: 1 MiB for a context, 5 MiB for a batch of events. */
  maxRequestBodyBytes: MAIN.maxClientRequestBodySize.schema,
  maxHeaderBytes: HTTP.maxHeaderSize.schema,
  /** Absent, as the memories below: a share of the memory limit. */
  bodyMemoryBytes: HTTP.bodyMemory.schema,
  headMemoryBytes: HTTP.headMemory.schema,
  answerMemoryBytes: HTTP.answerMemory.schema,
  /** Absent: by the memory limit. */
  maxConnections: CONCURRENCY.maxConnections.schema,
  /** 0 = never. */
  unreadTimeoutMs: HTTP.unreadTimeout.schema,
  clientWriteMinBytesPerSecond: MAIN.clientWriteMinBytesPerSecond.schema,
  clientWriteSlackMs: MAIN.clientWriteSlack.schema,
  clientWriteMaxTimeMs: MAIN.clientWriteMaxTime.schema,
  /** Of these four 0 = no limit. */
  maxStreamsPerCredential: CONCURRENCY.maxStreamsPerCredential.schema,
  maxStreamsPerAddress: CONCURRENCY.maxStreamsPerAddress.schema,
  /** Absent, as the next: three quarters of the connections. */
  maxPublicStreamsPerCredential: CONCURRENCY.maxPublicStreamsPerCredential.schema,
  maxPublicStreamsPerAddress: CONCURRENCY.maxPublicStreamsPerAddress.schema,
  compression: HTTP.enableCompression.schema,
  exposeEnvironmentId: HTTP.exposeEnvironmentId.schema,
  ofrepRefetchWindowMs: HTTP.ofrepRefetchWindow.schema,
  ofrepPathPrefix: HTTP.ofrepPathPrefix.schema,
  /** 0 = none. */
  evaluationCacheBytes: HTTP.evaluationCacheSize.schema,
  maxContextValues: HTTP_LIMITS.maxContextValues.schema,
  maxContextMembers: HTTP_LIMITS.maxContextMembers.schema,
  contextMemoryBytes: HTTP_LIMITS.contextMemory.schema,
  maxPatternSteps: HTTP_LIMITS.maxPatternSteps.schema,
  /** How long SIGTERM waits before and while it closes streams; spread over this time. */
  drainMs: MAIN.drainTimeout.schema,
  /** 0 = no limit. */
  initMaxConcurrent: CONCURRENCY.maxConcurrent.schema,
  initMaxQueued: CONCURRENCY.maxQueued.schema,
  initSendTimeoutMs: CONCURRENCY.sendTimeout.schema,
  /** 1 = this process does it all. */
  workers: CONCURRENCY.workers.schema,
});

/** The listener of /livez, /readyz and /metrics. */
const ops = z.strictObject({
  /** 0 = none */
  port: OPS.port.schema,
  /** False: a port that is in use is a warning, not a failed start (the port was not asked for). */
  required: z.boolean().default(true),
});

/** Outbound HTTP(S) proxy. */
const httpProxy = z.strictObject({
  url: PROXY.url.schema,
  /** `user:password` */
  credentials: z.string().optional(),
  credentialsFile: path().optional(),
  /** Extra CA files, added to the system's. */
  caCertFiles: PROXY.caCertFiles.schema,
});

/** The services behind the relay (contract 4.2 Main). */
export const upstream = z.strictObject({
  streamUri: MAIN.streamUri.schema,
  baseUri: MAIN.baseUri.schema,
  clientSideBaseUri: MAIN.clientSideBaseUri.schema,
  eventsUri: EVENTS.eventsUri.schema,
  initTimeoutMs: MAIN.initTimeout.schema,
  /** What happens when an environment has no data after `initTimeoutMs`. */
  onInitTimeout: z.enum(['exit', 'continue']).default('exit'),
  disconnectedAfterMs: MAIN.disconnectedStatusTime.schema,
  diagnostics: MAIN.sendDiagnostics.schema,
  proxy: httpProxy.optional(),
  maxGoalsRequests: CONCURRENCY_LIMITS.maxGoalsRequests.schema,
  /** Characters; absent: a share of the memory limit. */
  maxEventBytes: MAIN_LIMITS.maxUpstreamEventSize.schema,
});

/** SSE towards SDKs (contract 2). */
export const streaming = z.strictObject({
  /** 0 = none */
  heartbeatMs: MAIN.heartbeatInterval.schema,
  /** 0 = never. */
  maxConnectionMs: MAIN.maxClientConnectionTime.schema,
  maxBufferedBytes: MAIN.maxClientBuffer.schema,
  /** Holds orders to close a share of the streams, so that clients spread over other pods; watched. */
  shedFile: path().optional(),
});

/** Analytics events (contract 1.10, 5.3). */
export const events = z.strictObject({
  enabled: EVENTS.sendEvents.schema,
  flushMs: EVENTS.flushInterval.schema,
  /** Of one queue. */
  capacity: EVENTS.capacity.schema,
  maxInboundPayloadBytes: EVENTS.maxInboundPayloadSize.schema,
  maxBatchValues: EVENTS_LIMITS.maxValues.schema,
  /** Of one process; absent: a share of the memory limit. */
  memoryBytes: EVENTS.memory.schema,
});

/** One environment configured by hand (contract 4.2 Environment). */
export const environment = z.strictObject({
  name: z.string().min(1),
  sdkKey: ENVIRONMENT.sdkKey.schema,
  sdkKeyFile: ENVIRONMENT.sdkKey.file.schema,
  /** The old SDK key, accepted while this is set or its file is there. */
  sdkKeyPrevious: ENVIRONMENT.sdkKeyPrevious.schema,
  sdkKeyPreviousFile: ENVIRONMENT.sdkKeyPrevious.file.schema,
  mobileKey: ENVIRONMENT.mobileKey.schema,
  mobileKeyFile: ENVIRONMENT.mobileKey.file.schema,
  /** Client-side ID. */
  envId: ENVIRONMENT.envId.schema,
  secureMode: ENVIRONMENT.secureMode.schema,
  allowedOrigins: ENVIRONMENT.allowedOrigin.schema,
  allowedHeaders: ENVIRONMENT.allowedHeader.schema,
  prefix: ENVIRONMENT.prefix.schema,
  tableName: ENVIRONMENT.tableName.schema,
  ttlMs: ENVIRONMENT.ttl.schema,
  projKey: ENVIRONMENT.projKey.schema,
  filterKey: ENVIRONMENT.filterKey.schema,
  logLevel: ENVIRONMENT.logLevel.schema,
  /** A LaunchDarkly data file `{flags, segments}` (JSON or YAML), watched; no upstream stream then. */
  dataFile: ENVIRONMENT.dataFile.schema,
});

/** Environments from an AutoConfig stream (contract 8). */
export const autoConfig = z.strictObject({
  key: AUTO_CONFIG.key.schema,
  keyFile: AUTO_CONFIG.key.file.schema,
  envDatastorePrefix: AUTO_CONFIG.envDatastorePrefix.schema,
  envDatastoreTableName: AUTO_CONFIG.envDatastoreTableName.schema,
  envAllowedOrigins: AUTO_CONFIG.envAllowedOrigin.schema,
  envAllowedHeaders: AUTO_CONFIG.envAllowedHeader.schema,
  /** Absent = the list is not kept. */
  cacheFile: AUTO_CONFIG.cacheFile.schema,
  cacheKey: AUTO_CONFIG.cacheKey.schema,
  cacheEncryptionKey: AUTO_CONFIG.cacheEncryptionKey.schema,
  cacheEncryptionKeyFile: AUTO_CONFIG.cacheEncryptionKey.file.schema,
});

/** Environments and data from an archive; nothing is asked of upstream (contract 7). */
export const offline = z.strictObject({
  archiveFile: OFFLINE.fileDataSource.schema,
  reloadMs: OFFLINE.fileDataSourceMonitoringInterval.schema,
  /** Absent: see `unpack.ts`; as the next two. */
  maxBytes: OFFLINE_LIMITS.maxArchiveSize.schema,
  maxFileBytes: OFFLINE_LIMITS.maxArchiveFileSize.schema,
  maxFiles: OFFLINE_LIMITS.maxArchiveFiles.schema,
  envDatastorePrefix: OFFLINE.envDatastorePrefix.schema,
  envDatastoreTableName: OFFLINE.envDatastoreTableName.schema,
  envAllowedOrigins: OFFLINE.envAllowedOrigin.schema,
  envAllowedHeaders: OFFLINE.envAllowedHeader.schema,
});

/** Redis as the persistent store (contract 6). */
export const redis = z.strictObject({
  /** redis:// or rediss://; several, comma separated, with Sentinel or Cluster. */
  url: REDIS.url.schema,
  urlFile: REDIS.url.file.schema,
  username: REDIS.username.schema,
  usernameFile: REDIS.username.file.schema,
  password: REDIS.password.schema,
  passwordFile: REDIS.password.file.schema,
  mode: REDIS.mode.schema,
  sentinelMaster: REDIS.sentinelMaster.schema,
  sentinelPassword: REDIS.sentinelPassword.schema,
  sentinelPasswordFile: REDIS.sentinelPassword.file.schema,
  caFile: REDIS.caFile.schema,
  certFile: REDIS.certFile.schema,
  keyFile: REDIS.keyFile.schema,
  atomicUpsert: REDIS.atomicUpsert.schema,
  connectTimeoutMs: REDIS.connectTimeout.schema,
  readTimeoutMs: REDIS.readTimeout.schema,
  /** > 0 finite, 0 none, < 0 infinite (contract 6.4). */
  cacheTtlMs: REDIS.localTtl.schema,
});

/** DynamoDB as the persistent store. */
export const dynamodb = z.strictObject({
  tableName: DYNAMODB.tableName.schema,
  url: DYNAMODB.url.schema,
  region: DYNAMODB.region.schema,
  /** > 0 finite, 0 none, < 0 infinite (contract 6.4). */
  cacheTtlMs: DYNAMODB.localTtl.schema,
});

/** Big segments. */
export const bigSegments = z.strictObject({
  staleThresholdMs: MAIN.bigSegmentsStaleThreshold.schema,
  staleAsDegraded: MAIN.bigSegmentsStaleAsDegraded.schema,
});

/** Folder for the last good data, so that a restart during an upstream outage serves at once. */
export const snapshot = z.strictObject({
  directory: SNAPSHOT.directory.schema,
  encryptionKey: SNAPSHOT.encryptionKey.schema,
  encryptionKeyFile: SNAPSHOT.encryptionKey.file.schema,
});

/** What the relay logs. */
export const log = z.strictObject({ level: MAIN.logLevel.schema, format: MAIN.logFormat.schema });

/** Which of several pods is active in daemon mode. */
const lease = z.strictObject({
  /** Name of a Lease (coordination.k8s.io) in the pod's namespace; it must be there. */
  name: z.string().min(1),
});

/** Where this pod's health goes: the status of a RelayProxy. */
const report = z.strictObject({
  /** Name of the RelayProxy, in the pod's namespace. */
  relayProxy: z.string().min(1),
});

/** ld-relay's own metric names (contract 10.1), beside ours. */
export const ldRelayMetrics = z.strictObject({ prefix: PROMETHEUS.prefix.schema });

/** The whole configuration. Cross-field rules are in `validate.ts`. */
export const relayDocument = z.strictObject({
  /** `daemon`: only keeps the store up to date, for SDKs in daemon mode, and serves none. */
  mode: z.enum(['proxy', 'daemon']).default('proxy'),
  /** Daemon mode: only the pod that holds it is active; absent = this process is. */
  lease: lease.optional(),
  server: server.prefault({}),
  ops: ops.prefault({}),
  upstream: upstream.prefault({}),
  streaming: streaming.prefault({}),
  events: events.prefault({}),
  environments: z.array(environment).default([]),
  /** Payload filters by project key (contract 4.2 Filters). */
  filters: z.record(z.string(), z.array(z.string().min(1)).min(1)).default({}),
  autoConfig: autoConfig.optional(),
  offline: offline.optional(),
  store: z.strictObject({ redis: redis.optional(), dynamodb: dynamodb.optional() }).prefault({}),
  bigSegments: bigSegments.prefault({}),
  /** Absent = nothing is kept. */
  snapshot: snapshot.optional(),
  /** Fill the store and exit (contract 9.1 exitAlways). */
  oneShot: MAIN.exitAlways.schema,
  credentialCleanupMs: MAIN.expiredCredentialCleanupInterval.schema,
  log: log.prefault({}),
  ldRelayMetrics: ldRelayMetrics.optional(),
  report: report.optional(),
});

/** The configuration with every default filled in. */
export type RelayConfig = z.output<typeof relayDocument>;
/** The configuration as somebody writes it. */
export type RelayDocument = z.input<typeof relayDocument>;
/** One configured environment. */
export type EnvironmentConfig = RelayConfig['environments'][number];
