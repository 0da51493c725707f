import { LOG_LEVELS } from '@flagrelay/crds/severities';
import * as z from 'zod';
import { CONTEXT_BOUNDS, EVENTS_BOUNDS, MAX_PATTERN_STEPS } from '../json/bounds.ts';

// A document is read once: code generated for each of its objects costs a start more than it saves.
z.config({ jitless: true });

/**
 * The relay's configuration, whoever wrote it: ld-relay's environment variables and INI file, the command line, or the
 * JSON document that the operator mounts. Durations are ms, sizes are bytes. A secret is given inline (from an
 * environment variable) or as the path of a file that is watched (`…File`), so that rotation needs no restart.
 */

const port = z.int().min(0).max(65_535);
const ms = z.number().min(0);
const url = z.url({ protocol: /^https?$/, error: 'must be an absolute http or https URL' });
const path = z.string().min(1);
const logLevel = z.enum(LOG_LEVELS);

/** TLS of the SDK listener. */
const tls = z.strictObject({
  certFile: path,
  keyFile: path,
  minVersion: z.enum(['1.0', '1.1', '1.2', '1.3']).default('1.2'),
});

/** The listener that SDKs use. */
const server = z.strictObject({
  port: port.default(8030),
  tls: tls.optional(),
  /** Request bodies above this are refused with 413; absent: 1 MiB for a context, 5 MiB for a batch of events. */
  maxRequestBodyBytes: z.int().min(1).optional(),
  /** Request line and headers above this are refused with 431. */
  maxHeaderBytes: z
    .int()
    .min(8 * 1024)
    .max(16 * 1024 * 1024)
    .default(256 * 1024),
  /** Memory of all request bodies that are being read and parsed, of each worker; absent: a share of the memory limit. */
  bodyMemoryBytes: z.int().min(1).optional(),
  /** Memory of all request heads that are not complete yet, of each worker; absent: a share of the memory limit. */
  headMemoryBytes: z.int().min(1).optional(),
  /** Memory of all answers that their clients have not read yet, streams apart, of each worker; absent: a share of the memory limit. */
  answerMemoryBytes: z.int().min(1).optional(),
  /** Connections of SDKs to each worker; absent: by the memory limit. */
  maxConnections: z.int().min(1).optional(),
  /** A connection whose client reads nothing for this time, though there is something, is cut; 0 = never. */
  unreadTimeoutMs: ms.default(30_000),
  /** Streams of one SDK key, and of one address with SDK keys, in each worker; more get 503. 0 = no limit. */
  maxStreamsPerCredential: z.int().min(0).default(0),
  maxStreamsPerAddress: z.int().min(0).default(0),
  /** The same for mobile keys and client-side IDs, which anybody may know; absent: three quarters of the connections. */
  maxPublicStreamsPerCredential: z.int().min(0).optional(),
  maxPublicStreamsPerAddress: z.int().min(0).optional(),
  /** Compress responses where the client accepts it. */
  compression: z.boolean().default(true),
  /** Evaluations that are kept for contexts that come again, of all environments together. 0 = none. */
  evaluationCacheBytes: z
    .int()
    .min(0)
    .default(16 * 1024 * 1024),
  /** Values, and members of objects, of a context above 64 KiB; more get 400. */
  maxContextValues: z.int().min(1).default(CONTEXT_BOUNDS.maxValues),
  maxContextMembers: z.int().min(1).default(CONTEXT_BOUNDS.maxMembers),
  /** Memory of large contexts that are evaluated or wait for it, of each worker; absent: a share of the memory limit. */
  contextMemoryBytes: z.int().min(1).optional(),
  /** What matching one text with one pattern may cost: instructions of the pattern times characters; more gets 413. */
  maxPatternSteps: z.int().min(1).default(MAX_PATTERN_STEPS),
  /** How long SIGTERM waits before and while it closes streams; spread over this time. */
  drainMs: ms.default(20_000),
  /** How many SDKs may be sent their initial payload at a time, and wait for it; more are shed with 503. 0 = no limit. */
  initMaxConcurrent: z.int().min(0).default(0),
  initMaxQueued: z.int().min(0).default(0),
  initSendTimeoutMs: ms.default(120_000),
  /** Processes that serve SDKs on the one port, for a pod with several cores. 1 = this process does it all. */
  workers: z.int().min(1).max(64).default(1),
});

/** The listener of /livez, /readyz and /metrics. */
const ops = z.strictObject({
  /** 0 = none */
  port: port.default(8031),
  /** False: a port that is in use is a warning, not a failed start (the port was not asked for). */
  required: z.boolean().default(true),
});

/** Outbound HTTP(S) proxy. */
const httpProxy = z.strictObject({
  url: url.optional(),
  /** `user:password` */
  credentials: z.string().optional(),
  credentialsFile: path.optional(),
  /** Extra CA files, added to the system's. */
  caCertFiles: z.array(path).default([]),
});

/** The services behind the relay (contract 4.2 Main). */
const upstream = z.strictObject({
  streamUri: url.default('https://stream.launchdarkly.com'),
  baseUri: url.default('https://sdk.launchdarkly.com'),
  clientSideBaseUri: url.default('https://clientsdk.launchdarkly.com'),
  eventsUri: url.default('https://events.launchdarkly.com'),
  initTimeoutMs: ms.default(10_000),
  /** What happens when an environment has no data after `initTimeoutMs`. */
  onInitTimeout: z.enum(['exit', 'continue']).default('exit'),
  disconnectedAfterMs: ms.default(60_000),
  /** Send SDK diagnostics and usage metrics of the relay itself to the events service. */
  diagnostics: z.boolean().default(false),
  proxy: httpProxy.optional(),
  /** Requests for goals that wait at a time; more get 503. */
  maxGoalsRequests: z.int().min(1).default(32),
  /** Characters of one event of upstream; absent: a share of the memory limit. */
  maxEventBytes: z.int().min(1024).max(400_000_000).optional(),
});

/** SSE towards SDKs (contract 2). */
const streaming = z.strictObject({
  /** 0 = none */
  heartbeatMs: ms.default(180_000),
  /** Streams are closed after this time, less up to 10 % at random; 0 = never. */
  maxConnectionMs: ms.default(0),
  /** A client that has more than this unread is cut. */
  maxBufferedBytes: z
    .int()
    .min(1024)
    .default(16 * 1024 * 1024),
  /** Holds orders to close a share of the streams, so that clients spread over other pods; watched. */
  shedFile: path.optional(),
});

/** Analytics events (contract 1.10, 5.3). */
const events = z.strictObject({
  enabled: z.boolean().default(false),
  flushMs: z.number().min(1).default(5_000),
  /** Events per queue; it is sent when it has so many. */
  capacity: z.int().min(1).default(1000),
  maxInboundPayloadBytes: z.int().min(1).optional(),
  /** Values of a batch above 64 KiB; more get 400. */
  maxBatchValues: z.int().min(1).default(EVENTS_BOUNDS.maxValues),
  /** Of everything of events that waits, in one process; by default a part of the memory limit (`events/memory.ts`). */
  memoryBytes: z
    .int()
    .min(1024 * 1024)
    .optional(),
});

/** One environment configured by hand (contract 4.2 Environment). */
const environment = z.strictObject({
  name: z.string().min(1),
  sdkKey: z.string().min(1).optional(),
  sdkKeyFile: path.optional(),
  /** The old SDK key, accepted while this is set or its file is there. */
  sdkKeyPrevious: z.string().min(1).optional(),
  sdkKeyPreviousFile: path.optional(),
  mobileKey: z.string().min(1).optional(),
  mobileKeyFile: path.optional(),
  /** Client-side ID. */
  envId: z.string().min(1).optional(),
  secureMode: z.boolean().default(false),
  allowedOrigins: z.array(z.string()).default([]),
  allowedHeaders: z.array(z.string()).default([]),
  prefix: z.string().optional(),
  ttlMs: ms.default(0),
  projKey: z.string().optional(),
  filterKey: z.string().optional(),
  logLevel: logLevel.optional(),
  /** A LaunchDarkly data file `{flags, segments}` (JSON or YAML), watched; no upstream stream then. */
  dataFile: path.optional(),
});

/** Environments from an AutoConfig stream (contract 8). */
const autoConfig = z.strictObject({
  key: z.string().min(1).optional(),
  keyFile: path.optional(),
  envDatastorePrefix: z.string().optional(),
  envAllowedOrigins: z.array(z.string()).default([]),
  envAllowedHeaders: z.array(z.string()).default([]),
  /** Where the last environment list is kept, encrypted; absent = not kept. */
  cacheFile: path.optional(),
  /** Absent: the AutoConfig key itself. */
  cacheEncryptionKey: z.string().min(1).optional(),
  cacheEncryptionKeyFile: path.optional(),
});

/** Environments and data from an archive; nothing is asked of upstream (contract 7). */
const offline = z.strictObject({
  archiveFile: path,
  reloadMs: z.number().min(100).default(1000),
  /** Bytes of all files of the archive, unpacked, and of one of them, and how many there may be; absent: see `unpack.ts`. */
  maxBytes: z.int().min(1024).optional(),
  maxFileBytes: z.int().min(1024).optional(),
  maxFiles: z.int().min(1).optional(),
  envDatastorePrefix: z.string().optional(),
  envAllowedOrigins: z.array(z.string()).default([]),
  envAllowedHeaders: z.array(z.string()).default([]),
});

/** Redis as the persistent store (contract 6). */
const redis = z.strictObject({
  /** redis:// or rediss://; several, comma separated, with Sentinel or Cluster. */
  url: z.string().min(1).optional(),
  urlFile: path.optional(),
  username: z.string().optional(),
  usernameFile: path.optional(),
  password: z.string().optional(),
  passwordFile: path.optional(),
  mode: z.enum(['single', 'sentinel', 'cluster']).default('single'),
  /** Name of the Sentinel master group. */
  sentinelMaster: z.string().optional(),
  sentinelPassword: z.string().optional(),
  sentinelPasswordFile: path.optional(),
  caFile: path.optional(),
  certFile: path.optional(),
  keyFile: path.optional(),
  /** > 0 finite, 0 none, < 0 infinite (contract 6.4). */
  cacheTtlMs: z.number().default(30_000),
});

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
const ldRelayMetrics = z.strictObject({
  prefix: z.string().default('launchdarkly_relay'),
});

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
  store: z.strictObject({ redis: redis.optional() }).prefault({}),
  bigSegments: z
    .strictObject({ staleThresholdMs: ms.default(300_000), staleAsDegraded: z.boolean().default(false) })
    .prefault({}),
  /** Folder for the last good data, so that a restart during an upstream outage serves at once; absent = not kept. */
  snapshot: z
    .strictObject({ directory: path, encryptionKey: z.string().min(1).optional(), encryptionKeyFile: path.optional() })
    .optional(),
  /** Fill the store and exit (contract 9.1 exitAlways). */
  oneShot: z.boolean().default(false),
  credentialCleanupMs: z.number().min(100).default(60_000),
  log: z
    .strictObject({ level: logLevel.default('info'), format: z.enum(['json', 'text']).default('json') })
    .prefault({}),
  ldRelayMetrics: ldRelayMetrics.optional(),
  report: report.optional(),
});

/** The configuration with every default filled in. */
export type RelayConfig = z.output<typeof relayDocument>;
/** The configuration as somebody writes it. */
export type RelayDocument = z.input<typeof relayDocument>;
/** One configured environment. */
export type EnvironmentConfig = RelayConfig['environments'][number];
