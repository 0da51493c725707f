import {
  autoConfig,
  bigSegments,
  dynamodb,
  environment,
  events,
  ldRelayMetrics,
  log,
  offline,
  type RelayDocument,
  relayDocument,
  server,
  snapshot,
  streaming,
  upstream,
} from './document.ts';
import { membersSet } from './members.ts';
import { OPTIONS } from './options.ts';
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
  const dynamo = read.flag('DynamoDB', 'enabled') === true ? membersSet(dynamodb, read) : undefined;
  checkLeast(settings, problems);
  return {
    ...membersSet(relayDocument, read),
    mode: read.flag('Main', 'daemonMode') === true ? 'daemon' : undefined,
    server: { ...membersSet(server, read), drainMs: drainTime(read), tls: assembleTls(read, problems) },
    ops: opsPort(read, prometheus, problems),
    upstream: {
      ...membersSet(upstream, read),
      ...baseUris(read.text('Main', 'baseUri'), read.text('Main', 'clientSideBaseUri')),
      onInitTimeout: onInitTimeout(read, problems),
      proxy: assembleProxy(read, problems),
    },
    streaming: membersSet(streaming, read),
    events: membersSet(events, read),
    environments: settings.names('Environment').map((name) => ({ ...membersSet(environment, read, name), name })),
    filters: Object.fromEntries(
      settings.names('Filters').map((name) => [name, read.list('Filters', 'keys', name) ?? []]),
    ),
    ...assembleModes(read, problems),
    store: { ...(redis ? { redis } : {}), ...(dynamo ? { dynamodb: dynamo } : {}) },
    bigSegments: membersSet(bigSegments, read),
    snapshot: assembleSnapshot(read, problems),
    // People read it, as they do that of ld-relay; the operator's document asks for JSON.
    log: { ...membersSet(log, read), format: (read.text('Main', 'logFormat') ?? 'text') as 'text' },
    ldRelayMetrics: prometheus ? membersSet(ldRelayMetrics, read) : undefined,
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

/** Numbers below what their options take (contract 4.3), in words of the variables and the file. */
function checkLeast(settings: Settings, problems: Problems): void {
  for (const { section, key, least } of OPTIONS) {
    if (least === undefined || key === undefined) continue;
    const given = settings.get(section, key);
    if (given !== undefined && (given.value as number) < least.value)
      problems.mistakes.push(`${given.origin}: ${least.rule}`);
  }
}

/** The time for open streams at the end, by either of its names. */
function drainTime(read: Reader): number | undefined {
  const given = read.number('Main', 'drainTimeout') ?? read.number('Main', 'gracefulShutdownTimeout');
  return given === undefined ? undefined : Math.max(0, given);
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
  const caCertFiles = read.list('Proxy', 'caCertFiles')?.filter((file) => file !== '');
  if (user !== undefined && url === undefined) {
    problems.warnings.push(`${read.origin('Proxy', 'user')} has no effect without the proxy's url (PROXY_URL)`);
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
  if (directory !== undefined) return { ...membersSet(snapshot, read), directory };
  const origin = read.origin('Snapshot', 'encryptionKey') ?? read.origin('Snapshot', 'encryptionKeyFile');
  if (origin !== undefined) {
    problems.mistakes.push(`${origin}: is set, but the directory (SNAPSHOT_DIRECTORY) is not`);
  }
  return undefined;
}

/** What works with AutoConfig or an archive only, by its keys in both sections. */
const MODE_KEYS = [
  ...['envDatastorePrefix', 'envAllowedOrigin', 'envAllowedHeader'],
  ...['fileDataSourceMonitoringInterval', 'cacheFile', 'cacheEncryptionKey'],
] as const;

function assembleModes(read: Reader, problems: Problems): Pick<RelayDocument, 'autoConfig' | 'offline'> {
  const hasAutoConfig =
    read.text('AutoConfig', 'key') !== undefined || read.text('AutoConfig', 'keyFile') !== undefined;
  const archiveFile = read.text('OfflineMode', 'fileDataSource');
  if (!hasAutoConfig && archiveFile === undefined) {
    const lonely = new Set(
      (['AutoConfig', 'OfflineMode'] as const).flatMap((section) =>
        MODE_KEYS.flatMap((name) => read.origin(section, name) ?? []),
      ),
    );
    for (const origin of lonely) {
      problems.mistakes.push(
        `${origin}: works only with an AutoConfig key (AUTO_CONFIG_KEY) or an offline archive (FILE_DATA_SOURCE), and neither is set`,
      );
    }
  }
  return {
    autoConfig: hasAutoConfig ? membersSet(autoConfig, read) : undefined,
    offline: archiveFile === undefined ? undefined : { ...membersSet(offline, read), archiveFile },
  };
}
