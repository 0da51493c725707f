import type { RelayDocument } from './document.ts';
import type { Problems } from './problems.ts';
import { type Reader, readerOf } from './reader.ts';
import { assembleRedis } from './redis.ts';
import { trySecretFile } from './secrets.ts';
import type { Settings } from './settings.ts';

/** Turns the settings of environment variables and INI file into the document that the relay runs on; mistakes between options of one section are reported here. */
export function assemble(settings: Settings, problems: Problems): RelayDocument {
  const read = readerOf(settings);
  const prometheus = read.flag('Prometheus', 'enabled') === true;
  const redis = assembleRedis(read, problems);
  checkMinimum(read, problems);
  return {
    mode: read.flag('Main', 'daemonMode') === true ? 'daemon' : undefined,
    server: {
      port: read.number('Main', 'port'),
      tls: assembleTls(read, problems),
      maxRequestBodyBytes: read.number('Main', 'maxClientRequestBodySize'),
      ...assembleLimits(read),
      compression: read.flag('HTTP', 'enableCompression'),
      evaluationCacheBytes: read.number('HTTP', 'evaluationCacheSize'),
      drainMs: read.ms('Main', 'drainTimeout'),
      initMaxConcurrent: read.number('Concurrency', 'maxConcurrent'),
      initMaxQueued: read.number('Concurrency', 'maxQueued'),
      workers: read.number('Concurrency', 'workers'),
      initSendTimeoutMs: read.ms('Concurrency', 'sendTimeout'),
    },
    ops: opsPort(read, prometheus, problems),
    upstream: {
      streamUri: read.text('Main', 'streamUri'),
      ...baseUris(read.text('Main', 'baseUri'), read.text('Main', 'clientSideBaseUri')),
      eventsUri: read.text('Events', 'eventsUri'),
      initTimeoutMs: read.ms('Main', 'initTimeout'),
      onInitTimeout: onInitTimeout(read, problems),
      disconnectedAfterMs: read.ms('Main', 'disconnectedStatusTime'),
      diagnostics: read.flag('Main', 'sendDiagnostics'),
      proxy: assembleProxy(read, problems),
      maxGoalsRequests: read.number('Concurrency', 'maxGoalsRequests'),
      maxEventBytes: read.number('Main', 'maxUpstreamEventSize'),
    },
    streaming: {
      heartbeatMs: read.ms('Main', 'heartbeatInterval'),
      maxConnectionMs: read.ms('Main', 'maxClientConnectionTime'),
      maxBufferedBytes: read.number('Main', 'maxClientBuffer'),
    },
    events: {
      enabled: read.flag('Events', 'sendEvents'),
      flushMs: read.number('Events', 'flushInterval'),
      capacity: read.number('Events', 'capacity'),
      maxInboundPayloadBytes: read.number('Events', 'maxInboundPayloadSize'),
      maxBatchValues: read.number('Events', 'maxValues'),
      memoryBytes: read.number('Events', 'memory'),
    },
    environments: settings.names('Environment').map((name) => assembleEnvironment(read, name)),
    filters: Object.fromEntries(
      settings.names('Filters').map((name) => [name, read.list('Filters', 'keys', name) ?? []]),
    ),
    ...assembleModes(read, problems),
    store: redis ? { redis } : {},
    bigSegments: {
      staleThresholdMs: read.ms('Main', 'bigSegmentsStaleThreshold'),
      staleAsDegraded: read.flag('Main', 'bigSegmentsStaleAsDegraded'),
    },
    snapshot: assembleSnapshot(read, problems),
    oneShot: read.flag('Main', 'exitAlways'),
    credentialCleanupMs: read.number('Main', 'expiredCredentialCleanupInterval'),
    log: {
      level: read.text('Main', 'logLevel') as 'info' | undefined,
      format: (read.text('Main', 'logFormat') ?? 'text') as 'text',
    },
    ldRelayMetrics: prometheus ? { prefix: read.text('Prometheus', 'prefix') } : undefined,
  };
}

/** Bounds of what clients may take; absent ones are derived from the memory limit when the relay starts. */
function assembleLimits(read: Reader): Partial<NonNullable<RelayDocument['server']>> {
  return {
    maxHeaderBytes: read.number('HTTP', 'maxHeaderSize'),
    bodyMemoryBytes: read.number('HTTP', 'bodyMemory'),
    headMemoryBytes: read.number('HTTP', 'headMemory'),
    answerMemoryBytes: read.number('HTTP', 'answerMemory'),
    unreadTimeoutMs: read.ms('HTTP', 'unreadTimeout'),
    maxContextValues: read.number('HTTP', 'maxContextValues'),
    maxContextMembers: read.number('HTTP', 'maxContextMembers'),
    contextMemoryBytes: read.number('HTTP', 'contextMemory'),
    maxPatternSteps: read.number('HTTP', 'maxPatternSteps'),
    maxConnections: read.number('Concurrency', 'maxConnections'),
    maxStreamsPerCredential: read.number('Concurrency', 'maxStreamsPerCredential'),
    maxStreamsPerAddress: read.number('Concurrency', 'maxStreamsPerAddress'),
    maxPublicStreamsPerCredential: read.number('Concurrency', 'maxPublicStreamsPerCredential'),
    maxPublicStreamsPerAddress: read.number('Concurrency', 'maxPublicStreamsPerAddress'),
  };
}

/** ld-relay's defaults of the two (contract 4.2): the old host means the new ones; a custom base is the client-side base too. */
export function baseUris(
  baseUri: string | undefined,
  clientSideBaseUri: string | undefined,
): { baseUri: string | undefined; clientSideBaseUri: string | undefined } {
  const usual = ['https://sdk.launchdarkly.com', 'https://app.launchdarkly.com'];
  if (baseUri === undefined || usual.includes(baseUri.replace(/\/+$/, '')))
    return { baseUri: undefined, clientSideBaseUri };
  return { baseUri, clientSideBaseUri: clientSideBaseUri ?? baseUri };
}

function onInitTimeout(read: Reader, problems: Problems): 'exit' | 'continue' {
  const ignore = read.flag('Main', 'ignoreConnectionErrors') === true;
  const exit = read.flag('Main', 'exitOnError') === true;
  if (ignore && exit) {
    problems.warnings.push('exitOnError (EXIT_ON_ERROR) wins over ignoreConnectionErrors (IGNORE_CONNECTION_ERRORS)');
  }
  return ignore && !exit ? 'continue' : 'exit';
}

/** Limits that ld-relay sets on durations and sizes (contract 4.3). */
function checkMinimum(read: Reader, problems: Problems): void {
  const limits = [
    ['Main', 'expiredCredentialCleanupInterval', 100, 'must be at least 100ms'],
    ['OfflineMode', 'fileDataSourceMonitoringInterval', 100, 'must be at least 100ms'],
    ['Events', 'flushInterval', 1, 'must be at least 1ms'],
    ['Events', 'maxInboundPayloadSize', 1, 'must be above 0; leave it out for the limit of request bodies'],
    ['Events', 'memory', 1024 * 1024, 'must be at least 1MiB'],
    ['Main', 'maxClientRequestBodySize', 1, 'must be above 0'],
    ['HTTP', 'maxHeaderSize', 8 * 1024, 'must be at least 8KiB'],
    ['HTTP', 'bodyMemory', 1, 'must be above 0'],
    ['HTTP', 'headMemory', 1, 'must be above 0'],
    ['HTTP', 'answerMemory', 1, 'must be above 0'],
    ['HTTP', 'contextMemory', 1, 'must be above 0'],
    ['Main', 'maxUpstreamEventSize', 1024, 'must be at least 1KiB'],
    ['OfflineMode', 'maxArchiveSize', 1024, 'must be at least 1KiB'],
    ['OfflineMode', 'maxArchiveFileSize', 1024, 'must be at least 1KiB'],
    ['Concurrency', 'maxConnections', 1, 'must be above 0'],
    ['Main', 'maxClientBuffer', 1024, 'must be at least 1KiB'],
  ] as const;
  for (const [section, key, minimum, rule] of limits) {
    const given = read.number(section, key);
    if (given !== undefined && given < minimum) problems.mistakes.push(`${read.origin(section, key)}: ${rule}`);
  }
}

function assembleTls(read: Reader, problems: Problems): NonNullable<RelayDocument['server']>['tls'] {
  if (read.flag('Main', 'tlsEnabled') !== true) return undefined;
  const certFile = read.text('Main', 'tlsCert');
  const keyFile = read.text('Main', 'tlsKey');
  if (certFile === undefined || keyFile === undefined) {
    problems.mistakes.push(
      `${read.origin('Main', 'tlsEnabled')}: TLS needs both tlsCert (TLS_CERT) and tlsKey (TLS_KEY)`,
    );
    return undefined;
  }
  return { certFile, keyFile, minVersion: read.text('Main', 'tlsMinVersion') as '1.2' | undefined };
}

function opsPort(read: Reader, prometheus: boolean, problems: Problems): RelayDocument['ops'] {
  const own = read.number('Ops', 'port');
  const theirs = prometheus ? read.number('Prometheus', 'port') : undefined;
  if (own !== undefined && theirs !== undefined && own !== theirs) {
    problems.mistakes.push(
      `${read.origin('Prometheus', 'port')}: differs from ${read.origin('Ops', 'port')}; metrics are served on one port only, set one of the two`,
    );
  }
  return { port: own ?? theirs, required: own !== undefined || prometheus };
}

function assembleProxy(read: Reader, problems: Problems): NonNullable<RelayDocument['upstream']>['proxy'] {
  const url = read.text('Proxy', 'url');
  const user = read.text('Proxy', 'user');
  const password = read.text('Proxy', 'password') ?? proxyPasswordFile(read, problems);
  const caCertFiles = read.list('Proxy', 'caCertFiles');
  if (user !== undefined && url === undefined) {
    problems.mistakes.push(`${read.origin('Proxy', 'user')}: is set, but the proxy's url (PROXY_URL) is not`);
  }
  if (url === undefined && caCertFiles === undefined) return undefined;
  const credentials = user === undefined && password === undefined ? undefined : `${user ?? ''}:${password ?? ''}`;
  return { url, credentials, caCertFiles };
}

function proxyPasswordFile(read: Reader, problems: Problems): string | undefined {
  const file = read.text('Proxy', 'passwordFile');
  if (file === undefined) return undefined;
  const result = trySecretFile(file);
  if ('value' in result) return result.value;
  problems.mistakes.push(`${read.origin('Proxy', 'passwordFile')}: ${result.problem}`);
  return undefined;
}

function assembleSnapshot(read: Reader, problems: Problems): RelayDocument['snapshot'] {
  const directory = read.text('Snapshot', 'directory');
  const encryptionKey = read.text('Snapshot', 'encryptionKey');
  const encryptionKeyFile = read.text('Snapshot', 'encryptionKeyFile');
  if (directory !== undefined) return { directory, encryptionKey, encryptionKeyFile };
  const origin = read.origin('Snapshot', 'encryptionKey') ?? read.origin('Snapshot', 'encryptionKeyFile');
  if (origin !== undefined) {
    problems.mistakes.push(`${origin}: is set, but the directory (SNAPSHOT_DIRECTORY) is not`);
  }
  return undefined;
}

/** Keys that AutoConfig and offline mode share, in one variable each. */
const SHARED_MODE_KEYS = ['envDatastorePrefix', 'envAllowedOrigin', 'envAllowedHeader'] as const;

function assembleModes(read: Reader, problems: Problems): Pick<RelayDocument, 'autoConfig' | 'offline'> {
  const shared = (section: 'AutoConfig' | 'OfflineMode') => ({
    envDatastorePrefix: read.text(section, 'envDatastorePrefix'),
    envAllowedOrigins: read.list(section, 'envAllowedOrigin'),
    envAllowedHeaders: read.list(section, 'envAllowedHeader'),
  });
  const key = read.text('AutoConfig', 'key');
  const keyFile = read.text('AutoConfig', 'keyFile');
  const archiveFile = read.text('OfflineMode', 'fileDataSource');
  const hasAutoConfig = key !== undefined || keyFile !== undefined;
  if (!hasAutoConfig && archiveFile === undefined) {
    const lonely = new Set(
      (['AutoConfig', 'OfflineMode'] as const).flatMap((section) =>
        [...SHARED_MODE_KEYS, 'fileDataSourceMonitoringInterval', 'cacheFile', 'cacheEncryptionKey'].flatMap(
          (name) => read.origin(section, name) ?? [],
        ),
      ),
    );
    for (const origin of lonely) {
      problems.mistakes.push(
        `${origin}: works only with an AutoConfig key (AUTO_CONFIG_KEY) or an offline archive (FILE_DATA_SOURCE), and neither is set`,
      );
    }
  }
  return {
    autoConfig: hasAutoConfig
      ? {
          key,
          keyFile,
          ...shared('AutoConfig'),
          cacheFile: read.text('AutoConfig', 'cacheFile'),
          cacheEncryptionKey: read.text('AutoConfig', 'cacheEncryptionKey'),
          cacheEncryptionKeyFile: read.text('AutoConfig', 'cacheEncryptionKeyFile'),
        }
      : undefined,
    offline:
      archiveFile === undefined
        ? undefined
        : {
            archiveFile,
            reloadMs: read.number('OfflineMode', 'fileDataSourceMonitoringInterval'),
            maxBytes: read.number('OfflineMode', 'maxArchiveSize'),
            maxFileBytes: read.number('OfflineMode', 'maxArchiveFileSize'),
            maxFiles: read.number('OfflineMode', 'maxArchiveFiles'),
            ...shared('OfflineMode'),
          },
  };
}

function assembleEnvironment(read: Reader, name: string): NonNullable<RelayDocument['environments']>[number] {
  const text = (key: string) => read.text('Environment', key, name);
  return {
    name,
    sdkKey: text('sdkKey'),
    sdkKeyFile: text('sdkKeyFile'),
    sdkKeyPrevious: text('sdkKeyPrevious'),
    sdkKeyPreviousFile: text('sdkKeyPreviousFile'),
    mobileKey: text('mobileKey'),
    mobileKeyFile: text('mobileKeyFile'),
    envId: text('envId'),
    secureMode: read.flag('Environment', 'secureMode', name),
    allowedOrigins: read.list('Environment', 'allowedOrigin', name),
    allowedHeaders: read.list('Environment', 'allowedHeader', name),
    prefix: text('prefix'),
    ttlMs: read.ms('Environment', 'ttl', name),
    projKey: text('projKey'),
    filterKey: text('filterKey'),
    logLevel: text('logLevel') as 'info' | undefined,
    dataFile: text('dataFile'),
  };
}
