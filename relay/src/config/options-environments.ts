import * as z from 'zod';
import { INTO_SECRET, member, option, path, SECONDS, section } from './option-table.ts';

/** Why an archive has no field for the settings of environments. */
const IN_ARCHIVE = 'an archive brings the settings of its environments';

/** AutoConfig: environments come from LaunchDarkly. */
export const AUTO_CONFIG = section('AutoConfig', {
  key: member('secret', {
    env: 'AUTO_CONFIG_KEY',
    text: 'Automatic configuration key (`rel-…`); switches that mode on.',
    becomes: { field: 'autoConfig.keyRef', how: INTO_SECRET },
  }),
  envDatastorePrefix: member('text', {
    env: 'ENV_DATASTORE_PREFIX',
    text: 'Store prefix of each environment; must contain `$CID`, which becomes the environment ID.',
    becomes: { field: 'autoConfig.envDatastorePrefix', how: 'with a store only' },
  }),
  envDatastoreTableName: member('text', {
    env: 'ENV_DATASTORE_TABLE_NAME',
    unset: 'tableName (DYNAMODB_TABLE)',
    text: 'DynamoDB table of each environment; `$CID` becomes the environment ID.',
    becomes: { field: 'autoConfig.envDatastoreTableName', how: 'with DynamoDB only' },
  }),
  envAllowedOrigin: member('list', {
    env: 'ENV_ALLOWED_ORIGIN',
    text: '`allowedOrigin` of all environments.',
    becomes: { field: 'autoConfig.allowedOrigins' },
  }),
  envAllowedHeader: member('list', {
    env: 'ENV_ALLOWED_HEADER',
    text: '`allowedHeader` of all environments.',
    becomes: {
      because: 'environments of AutoConfig have no such field',
      instead: 'configure by `environments` those that need `allowedHeaders`',
    },
  }),
  cacheFile: member('path', {
    env: 'AUTO_CONFIG_CACHE_FILE',
    text: 'File that keeps the last list of environments, encrypted, so that the relay can start while LaunchDarkly is down.',
    own: true,
    becomes: {
      because: 'each pod keeps the last list of environments, encrypted, anyway',
      instead: 'nothing; the list is lost with its pod',
    },
  }),
  cacheEncryptionKey: member('secret', {
    env: 'AUTO_CONFIG_CACHE_ENCRYPTION_KEY',
    unset: 'the AutoConfig key',
    text: 'What the cache is encrypted with.',
    own: true,
    becomes: { because: 'the AutoConfig key encrypts that list', instead: 'nothing' },
  }),
  cacheKey: member('text', {
    env: 'AUTO_CONFIG_CACHE_KEY',
    text: 'Key in the store under which the last list of environments is kept, encrypted, in the form of ld-relay 9; needs Redis or DynamoDB with `tableName`.',
    own: true,
    becomes: {
      because: 'each pod keeps the last list of environments, encrypted, anyway',
      instead: 'nothing; the list is lost with its pod',
    },
  }),
});

/** Environments and data come from an archive. */
export const OFFLINE = section('OfflineMode', {
  fileDataSource: member('path', {
    env: 'FILE_DATA_SOURCE',
    schema: path(),
    text: 'Archive with environments and their data; switches that mode on.',
    becomes: {
      field: 'offline',
      how: 'from a PersistentVolumeClaim, ConfigMap or Secret; `offline.path` is the path inside of it',
    },
  }),
  fileDataSourceMonitoringInterval: member('duration', {
    env: 'FILE_DATA_SOURCE_MONITORING_INTERVAL',
    default: '1s',
    least: { value: 100, rule: 'must be at least 100ms' },
    text: 'How often the archive is looked at; at least 100ms.',
    becomes: { field: 'offline.reloadPeriodSeconds', how: SECONDS },
  }),
  envDatastorePrefix: member('text', {
    env: 'ENV_DATASTORE_PREFIX',
    text: 'As in AutoConfig.',
    becomes: { because: 'an offline RelayProxy has no store', instead: 'nothing: each pod reads the archive' },
  }),
  envDatastoreTableName: member('text', {
    env: 'ENV_DATASTORE_TABLE_NAME',
    text: 'As in AutoConfig.',
    becomes: { because: 'an offline RelayProxy has no store', instead: 'nothing: each pod reads the archive' },
  }),
  envAllowedOrigin: member('list', {
    env: 'ENV_ALLOWED_ORIGIN',
    text: 'As in AutoConfig.',
    becomes: { because: IN_ARCHIVE, instead: 'restrict origins at your ingress' },
  }),
  envAllowedHeader: member('list', {
    env: 'ENV_ALLOWED_HEADER',
    text: 'As in AutoConfig.',
    becomes: { because: IN_ARCHIVE, instead: 'allow the headers at your ingress' },
  }),
});

/** One environment that is configured by hand. */
export const ENVIRONMENT = section('Environment', {
  sdkKey: member('secret', {
    env: 'LD_ENV_',
    fileEnv: 'LD_SDK_KEY_FILE_',
    text: 'SDK key. Required, unless there is a `dataFile`.',
    becomes: { field: 'environments[].sdkKeyRef', how: INTO_SECRET },
  }),
  sdkKeyPrevious: member('secret', {
    env: 'LD_SDK_KEY_PREVIOUS_',
    fileEnv: 'LD_SDK_KEY_PREVIOUS_FILE_',
    text: 'Second SDK key that is accepted too, for rotation. It ends when it is taken out while the file of `sdkKey` is there.',
    own: true,
    becomes: { field: 'environments[].sdkKeyPreviousRef', how: INTO_SECRET },
  }),
  mobileKey: member('secret', {
    env: 'LD_MOBILE_KEY_',
    fileEnv: 'LD_MOBILE_KEY_FILE_',
    text: 'Mobile key; without it mobile routes answer 401.',
    becomes: { field: 'environments[].mobileKeyRef', how: INTO_SECRET },
  }),
  envId: member('text', {
    env: 'LD_CLIENT_SIDE_ID_',
    schema: z.string().min(1).optional(),
    text: 'Client-side ID; without it browser routes answer 404.',
    becomes: { field: 'environments[].clientSideID' },
  }),
  prefix: member('text', {
    env: 'LD_PREFIX_',
    unset: 'launchdarkly',
    text: 'Key prefix in the store; required when there are several environments.',
    becomes: { field: 'environments[].prefix', how: 'with a store only' },
  }),
  tableName: member('text', {
    env: 'LD_TABLE_NAME_',
    unset: 'tableName (DYNAMODB_TABLE)',
    text: 'DynamoDB table.',
    becomes: { field: 'environments[].tableName', how: 'with DynamoDB only' },
  }),
  allowedOrigin: member('list', {
    env: 'LD_ALLOWED_ORIGIN_',
    text: 'Origins for CORS; empty = any.',
    becomes: { field: 'environments[].allowedOrigins' },
  }),
  allowedHeader: member('list', {
    env: 'LD_ALLOWED_HEADER_',
    text: 'More request headers for CORS.',
    becomes: { field: 'environments[].allowedHeaders' },
  }),
  secureMode: member('switch', {
    env: 'LD_SECURE_MODE_',
    default: 'false',
    text: 'Browser requests must prove their context with a hash.',
    becomes: { field: 'environments[].secureMode' },
  }),
  logLevel: member('level', {
    env: 'LD_LOG_LEVEL_',
    unset: 'as Main',
    text: 'Lowest level that is logged for this environment.',
    becomes: { field: 'environments[].logLevel' },
  }),
  ttl: member('duration', {
    env: 'LD_TTL_',
    default: '0',
    text: 'Life of PHP polling answers in caches.',
    becomes: { field: 'environments[].cacheMaxAgeSeconds', how: SECONDS },
  }),
  projKey: member('text', {
    env: 'LD_PROJ_KEY_',
    text: 'Project key; required with payload filters.',
    becomes: {
      because: 'it serves payload filters only, which have no field',
      instead: 'nothing, unless you use filters: see there',
    },
  }),
  filterKey: member('text', {
    text: 'Payload filter of this environment alone.',
    becomes: {
      because: 'a RelayProxy serves whole environments',
      instead: 'run a relay for the filtered environments with a configuration of its own',
    },
  }),
  offline: option('switch', { text: 'Internal in ld-relay.', unused: 'use dataFile or [OfflineMode]' }),
  dataFile: member('path', {
    env: 'LD_DATA_FILE_',
    text: 'Data file (JSON or YAML) that is served instead of an upstream stream; watched.',
    own: true,
    becomes: { field: 'environments[].data.configMapKeyRef', how: 'the file goes into a ConfigMap' },
  }),
});

/** Payload filters of one project. */
export const FILTERS = section('Filters', {
  keys: option('list', {
    env: 'LD_FILTER_KEYS_',
    text: 'Payload filters of the project of this name: each of its environments runs once more per filter.',
    becomes: {
      because: 'a RelayProxy serves whole environments',
      instead:
        'take the filter out of your SDKs, or run a relay for the filtered environments with a configuration of its own',
    },
  }),
});
