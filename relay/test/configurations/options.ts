/** How the text of an option's value is made up. */
export type Kind =
  | 'count'
  | 'duration'
  | 'level'
  | 'list'
  | 'path'
  | 'port'
  | 'redisPort'
  | 'redisUrl'
  | 'secret'
  | 'size'
  | 'switch'
  | 'text'
  | 'tlsVersion'
  | 'url';

/**
 * The options of ld-relay 8.10 (contract 4.2): section, key in the file, variable, kind. A list of its own, not the relay's table: which
 * configurations a seed makes must not change with that.
 */
export const LD_RELAY_OPTIONS: readonly (readonly [section: string, key: string, env: string, kind: Kind])[] = [
  ['Main', 'streamUri', 'STREAM_URI', 'url'],
  ['Main', 'baseUri', 'BASE_URI', 'url'],
  ['Main', 'clientSideBaseUri', 'CLIENT_SIDE_BASE_URI', 'url'],
  ['Main', 'port', 'PORT', 'port'],
  ['Main', 'initTimeout', 'INIT_TIMEOUT', 'duration'],
  ['Main', 'ignoreConnectionErrors', 'IGNORE_CONNECTION_ERRORS', 'switch'],
  ['Main', 'exitOnError', 'EXIT_ON_ERROR', 'switch'],
  ['Main', 'exitAlways', 'EXIT_ALWAYS', 'switch'],
  ['Main', 'heartbeatInterval', 'HEARTBEAT_INTERVAL', 'duration'],
  ['Main', 'maxClientConnectionTime', 'MAX_CLIENT_CONNECTION_TIME', 'duration'],
  ['Main', 'disconnectedStatusTime', 'DISCONNECTED_STATUS_TIME', 'duration'],
  ['Main', 'tlsEnabled', 'TLS_ENABLED', 'switch'],
  ['Main', 'tlsCert', 'TLS_CERT', 'path'],
  ['Main', 'tlsKey', 'TLS_KEY', 'path'],
  ['Main', 'tlsMinVersion', 'TLS_MIN_VERSION', 'tlsVersion'],
  ['Main', 'logLevel', 'LOG_LEVEL', 'level'],
  ['Main', 'bigSegmentsStaleAsDegraded', 'BIG_SEGMENTS_STALE_AS_DEGRADED', 'switch'],
  ['Main', 'bigSegmentsStaleThreshold', 'BIG_SEGMENTS_STALE_THRESHOLD', 'duration'],
  ['Main', 'expiredCredentialCleanupInterval', 'EXPIRED_CREDENTIAL_CLEANUP_INTERVAL', 'duration'],
  ['AutoConfig', 'key', 'AUTO_CONFIG_KEY', 'secret'],
  ['AutoConfig', 'envDatastorePrefix', 'ENV_DATASTORE_PREFIX', 'text'],
  ['AutoConfig', 'envDatastoreTableName', 'ENV_DATASTORE_TABLE_NAME', 'text'],
  ['AutoConfig', 'envAllowedOrigin', 'ENV_ALLOWED_ORIGIN', 'list'],
  ['AutoConfig', 'envAllowedHeader', 'ENV_ALLOWED_HEADER', 'list'],
  ['OfflineMode', 'fileDataSource', 'FILE_DATA_SOURCE', 'path'],
  ['OfflineMode', 'fileDataSourceMonitoringInterval', 'FILE_DATA_SOURCE_MONITORING_INTERVAL', 'duration'],
  ['OfflineMode', 'envDatastorePrefix', 'ENV_DATASTORE_PREFIX', 'text'],
  ['OfflineMode', 'envDatastoreTableName', 'ENV_DATASTORE_TABLE_NAME', 'text'],
  ['OfflineMode', 'envAllowedOrigin', 'ENV_ALLOWED_ORIGIN', 'list'],
  ['OfflineMode', 'envAllowedHeader', 'ENV_ALLOWED_HEADER', 'list'],
  ['Environment', 'sdkKey', 'LD_ENV_', 'secret'],
  ['Environment', 'mobileKey', 'LD_MOBILE_KEY_', 'secret'],
  ['Environment', 'envId', 'LD_CLIENT_SIDE_ID_', 'text'],
  ['Environment', 'prefix', 'LD_PREFIX_', 'text'],
  ['Environment', 'tableName', 'LD_TABLE_NAME_', 'text'],
  ['Environment', 'allowedOrigin', 'LD_ALLOWED_ORIGIN_', 'list'],
  ['Environment', 'allowedHeader', 'LD_ALLOWED_HEADER_', 'list'],
  ['Environment', 'secureMode', 'LD_SECURE_MODE_', 'switch'],
  ['Environment', 'logLevel', 'LD_LOG_LEVEL_', 'level'],
  ['Environment', 'ttl', 'LD_TTL_', 'duration'],
  ['Environment', 'projKey', 'LD_PROJ_KEY_', 'text'],
  ['Environment', 'filterKey', '', 'text'],
  ['Environment', 'offline', '', 'switch'],
  ['Filters', 'keys', 'LD_FILTER_KEYS_', 'list'],
  ['Events', 'sendEvents', 'USE_EVENTS', 'switch'],
  ['Events', 'eventsUri', 'EVENTS_HOST', 'url'],
  ['Events', 'flushInterval', 'EVENTS_FLUSH_INTERVAL', 'duration'],
  ['Events', 'capacity', 'EVENTS_CAPACITY', 'count'],
  ['Events', 'inlineUsers', 'EVENTS_INLINE_USERS', 'switch'],
  ['Events', 'maxInboundPayloadSize', 'EVENTS_MAX_INBOUND_PAYLOAD_SIZE', 'size'],
  ['Redis', '', 'USE_REDIS', 'switch'],
  ['Redis', 'url', 'REDIS_URL', 'redisUrl'],
  ['Redis', 'host', 'REDIS_HOST', 'text'],
  ['Redis', 'port', 'REDIS_PORT', 'redisPort'],
  ['Redis', 'localTtl', 'CACHE_TTL', 'duration'],
  ['Redis', 'tls', 'REDIS_TLS', 'switch'],
  ['Redis', 'username', 'REDIS_USERNAME', 'secret'],
  ['Redis', 'password', 'REDIS_PASSWORD', 'secret'],
  ['Proxy', 'url', 'PROXY_URL', 'url'],
  ['Proxy', 'user', 'PROXY_AUTH_USER', 'text'],
  ['Proxy', 'password', 'PROXY_AUTH_PASSWORD', 'secret'],
  ['Proxy', 'caCertFiles', 'PROXY_CA_CERTS', 'list'],
  ['Proxy', 'domain', 'PROXY_AUTH_DOMAIN', 'text'],
  ['Prometheus', 'enabled', 'USE_PROMETHEUS', 'switch'],
  ['Prometheus', 'prefix', 'PROMETHEUS_PREFIX', 'text'],
  ['Prometheus', 'port', 'PROMETHEUS_PORT', 'port'],
  ['Proxy', 'ntlmAuth', 'PROXY_AUTH_NTLM', 'switch'],
  ['Consul', 'host', 'CONSUL_HOST', 'text'],
  ['Consul', '', 'USE_CONSUL', 'switch'],
  ['Consul', 'token', 'CONSUL_TOKEN', 'text'],
  ['Consul', 'tokenFile', 'CONSUL_TOKEN_FILE', 'path'],
  ['DynamoDB', 'enabled', 'USE_DYNAMODB', 'switch'],
  ['DynamoDB', 'tableName', 'DYNAMODB_TABLE', 'text'],
  ['DynamoDB', 'url', 'DYNAMODB_URL', 'url'],
  ['DynamoDB', 'localTtl', 'CACHE_TTL', 'duration'],
  ['Datadog', 'enabled', 'USE_DATADOG', 'switch'],
  ['Datadog', 'prefix', 'DATADOG_PREFIX', 'text'],
  ['Datadog', 'traceAddr', 'DATADOG_TRACE_ADDR', 'text'],
  ['Stackdriver', 'enabled', 'USE_STACKDRIVER', 'switch'],
  ['Stackdriver', 'projectID', 'STACKDRIVER_PROJECT_ID', 'text'],
];
