import type { EnvironmentSpec, RelayProxy } from '@flagrelay/crds';
import type { RelayDocument } from '@flagrelay/relay/config-document';
import { leaseNameOf } from './lease.ts';
import { identityOf } from './names.ts';
import { files, folders } from './paths.ts';

/** Time in s that is left of the grace period after the last stream was closed. */
const END_MARGIN_SECONDS = 10;

/** The configuration document that the relay mounts: the spec in the relay's own words, with paths instead of secrets. */
export function relayDocument(relayProxy: RelayProxy): RelayDocument {
  const { spec } = relayProxy;
  const daemon = spec.mode === 'Daemon';
  const lease = leaseNameOf(relayProxy);
  return withoutUndefined({
    // Left out where they change nothing, so that a newer operator does not restart pods for them.
    mode: daemon ? ('daemon' as const) : undefined,
    lease: lease === undefined ? undefined : { name: lease },
    server: daemon ? undefined : serverOf(relayProxy),
    ops: { port: spec.metrics.port },
    upstream: upstreamOf(relayProxy),
    streaming: {
      heartbeatMs: spec.streaming.heartbeatPeriodSeconds * 1000,
      maxConnectionMs: (spec.streaming.maxConnectionSeconds ?? 0) * 1000,
      maxBufferedBytes: daemon ? undefined : spec.limits?.streamBufferBytes,
      shedFile: daemon ? undefined : `${folders.pod}/${files.shed}`,
    },
    events: {
      enabled: spec.events.enabled,
      flushMs: spec.events.flushPeriodSeconds * 1000,
      capacity: spec.events.capacity,
      maxInboundPayloadBytes: daemon ? undefined : spec.limits?.eventPayloadBytes,
      maxBatchValues: daemon ? undefined : spec.limits?.eventValues,
      memoryBytes: spec.events.memoryBytes,
    },
    environments: (spec.environments ?? []).map((environment) => environmentOf(environment, spec.store !== undefined)),
    autoConfig: autoConfigOf(relayProxy),
    offline: offlineOf(relayProxy),
    store: { redis: redisOf(relayProxy), dynamodb: dynamoOf(relayProxy) },
    // For clients that come before upstream has answered.
    snapshot: spec.offline === undefined && !daemon ? { directory: `${folders.state}/snapshot` } : undefined,
    log: { level: spec.logLevel, format: 'json' },
    report: { relayProxy: identityOf(relayProxy).name },
  });
}

/**
 * What a running relay applies of an environment. All else is of the pod: a name and a prefix are those of the store and the
 * streams that were opened with them, and a file is there only in pods whose volumes have it.
 */
const RELOADED = new Set(['envId', 'secureMode', 'allowedOrigins', 'allowedHeaders', 'ttlMs', 'logLevel']);

/** The part of a document that a running relay cannot apply: a change of it needs new pods. */
export function restartPart(document: RelayDocument): object {
  const environments = document.environments?.map((environment) =>
    Object.fromEntries(Object.entries(environment).filter(([field]) => !RELOADED.has(field))),
  );
  return { ...document, environments };
}

function serverOf(relayProxy: RelayProxy) {
  const { service, workers, limits } = relayProxy.spec;
  return {
    port: service.port,
    tls: tlsOf(relayProxy),
    drainMs: drainMs(relayProxy),
    // Left out where it changes nothing, so that a newer operator does not restart pods for it.
    workers: workers === 1 ? undefined : workers,
    exposeEnvironmentId: true,
    maxRequestBodyBytes: limits?.requestBodyBytes,
    maxHeaderBytes: limits?.requestHeadBytes,
    bodyMemoryBytes: limits?.bodyMemoryBytes,
    headMemoryBytes: limits?.headMemoryBytes,
    answerMemoryBytes: limits?.answerMemoryBytes,
    unreadTimeoutMs: limits?.unreadTimeoutSeconds && limits.unreadTimeoutSeconds * 1000,
    clientWriteMinBytesPerSecond: limits?.readBytesPerSecond,
    clientWriteSlackMs: limits?.readSlackSeconds && limits.readSlackSeconds * 1000,
    clientWriteMaxTimeMs: limits?.readMaxSeconds && limits.readMaxSeconds * 1000,
    ofrepRefetchWindowMs: limits?.refetchWindowSeconds === undefined ? undefined : limits.refetchWindowSeconds * 1000,
    ofrepPathPrefix: service.pathPrefix,
    maxContextValues: limits?.contextValues,
    maxContextMembers: limits?.contextMembers,
    contextMemoryBytes: limits?.contextMemoryBytes,
    maxPatternSteps: limits?.patternSteps,
    evaluationCacheBytes: limits?.evaluationCacheBytes,
    initMaxConcurrent: limits?.firstPayloads,
    initMaxQueued: limits?.firstPayloadsWaiting,
    initSendTimeoutMs: limits?.firstPayloadSeconds && limits.firstPayloadSeconds * 1000,
    maxConnections: limits?.connections,
    maxStreamsPerCredential: limits?.streamsPerCredential,
    maxStreamsPerAddress: limits?.streamsPerAddress,
    maxPublicStreamsPerCredential: limits?.publicStreamsPerCredential,
    maxPublicStreamsPerAddress: limits?.publicStreamsPerAddress,
  };
}

/** Streams are closed over the grace period, less a margin for ending; over half of a short one. */
function drainMs(relayProxy: RelayProxy): number {
  const { terminationGracePeriodSeconds, preStopSleepSeconds = 0 } = relayProxy.spec.podTemplate;
  const grace = terminationGracePeriodSeconds - preStopSleepSeconds;
  return Math.max(grace - END_MARGIN_SECONDS, grace / 2) * 1000;
}

function tlsOf({ spec }: RelayProxy) {
  if (spec.tls === undefined) return undefined;
  const { minVersion } = spec.tls;
  return { certFile: `${folders.tls}/tls.crt`, keyFile: `${folders.tls}/tls.key`, minVersion };
}

function upstreamOf({ spec: { upstream, limits, mode } }: RelayProxy) {
  const { httpProxy } = upstream;
  return {
    streamUri: upstream.streamURI,
    baseUri: upstream.baseURI,
    clientSideBaseUri: upstream.clientSideBaseURI,
    eventsUri: upstream.eventsURI,
    initTimeoutMs: upstream.initTimeoutSeconds * 1000,
    onInitTimeout: upstream.onInitTimeout === 'Exit' ? ('exit' as const) : ('continue' as const),
    disconnectedAfterMs: upstream.disconnectedAfterSeconds * 1000,
    maxGoalsRequests: mode === 'Daemon' ? undefined : limits?.goalsRequests,
    maxEventBytes: limits?.upstreamEventBytes,
    proxy: httpProxy && {
      url: httpProxy.url,
      credentialsFile: httpProxy.credentialsRef && `${folders.proxy}/${files.proxyCredentials}`,
    },
  };
}

function environmentOf(environment: EnvironmentSpec, hasStore: boolean) {
  const { name, data, cacheMaxAgeSeconds } = environment;
  const secrets = `${folders.secrets}/${name}`;
  return {
    name,
    sdkKeyFile: `${secrets}/${files.sdkKey}`,
    sdkKeyPreviousFile: environment.sdkKeyPreviousRef && `${secrets}/${files.sdkKeyPrevious}`,
    mobileKeyFile: environment.mobileKeyRef && `${secrets}/${files.mobileKey}`,
    envId: environment.clientSideID,
    secureMode: environment.secureMode,
    allowedOrigins: environment.allowedOrigins,
    allowedHeaders: environment.allowedHeaders,
    // An own table needs no prefix.
    prefix: hasStore ? (environment.prefix ?? (environment.tableName === undefined ? name : undefined)) : undefined,
    tableName: environment.tableName,
    ttlMs: cacheMaxAgeSeconds === undefined ? undefined : cacheMaxAgeSeconds * 1000,
    logLevel: environment.logLevel,
    dataFile: data && `${folders.data}/${name}/${data.configMapKeyRef.key}`,
  };
}

function autoConfigOf({ spec: { autoConfig } }: RelayProxy) {
  if (autoConfig === undefined) return undefined;
  return {
    keyFile: `${folders.autoConfig}/${files.autoConfigKey}`,
    envDatastorePrefix: autoConfig.envDatastorePrefix,
    envDatastoreTableName: autoConfig.envDatastoreTableName,
    envAllowedOrigins: autoConfig.allowedOrigins,
    cacheFile: `${folders.state}/autoconfig-cache`,
  };
}

function offlineOf({ spec: { offline, limits } }: RelayProxy) {
  if (offline === undefined) return undefined;
  return {
    archiveFile: `${folders.offline}/${offline.path}`,
    reloadMs: offline.reloadPeriodSeconds * 1000,
    maxBytes: limits?.archiveBytes,
    maxFileBytes: limits?.archiveFileBytes,
    maxFiles: limits?.archiveFiles,
  };
}

function redisOf({ spec }: RelayProxy) {
  const redis = spec.store?.redis;
  if (redis === undefined) return undefined;
  const at = (ref: object | undefined, file: string) => ref && `${folders.redis}/${file}`;
  return {
    url: redis.url,
    urlFile: at(redis.urlRef, files.redisUrl),
    usernameFile: at(redis.usernameRef, files.redisUsername),
    passwordFile: at(redis.passwordRef, files.redisPassword),
    caFile: at(redis.caRef, files.redisCa),
    cacheTtlMs: cacheTtlMs(redis),
  };
}

function dynamoOf({ spec }: RelayProxy) {
  const dynamodb = spec.store?.dynamodb;
  if (dynamodb === undefined) return undefined;
  const { tableName, region, endpoint } = dynamodb;
  return { tableName, region, url: endpoint, cacheTtlMs: cacheTtlMs(dynamodb) };
}

/** Negative: forever. */
function cacheTtlMs({ cacheTTLSeconds }: { readonly cacheTTLSeconds?: number | undefined }): number {
  return cacheTTLSeconds === undefined ? -1 : cacheTTLSeconds * 1000;
}

type Optional<T> = { [K in keyof T]?: Exclude<T[K], undefined> };
/** `T` as it is once properties that are `undefined` are gone. */
type Cleaned<T> = T extends readonly (infer Item)[]
  ? Cleaned<Item>[]
  : T extends object
    ? { [K in keyof T as undefined extends T[K] ? never : K]: Cleaned<T[K]> } & Optional<{
        [K in keyof T as undefined extends T[K] ? K : never]: Cleaned<Exclude<T[K], undefined>>;
      }>
    : T;

/** A deep copy without properties that are `undefined`, which JSON does not have. */
function withoutUndefined<T>(value: T): Cleaned<T> {
  return JSON.parse(JSON.stringify(value)) as Cleaned<T>;
}
