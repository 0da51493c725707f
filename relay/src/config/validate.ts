import type { EnvironmentConfig, RelayConfig } from './document.ts';
import { warnOfOrigins } from './origins.ts';
import type { Problems } from './problems.ts';

/** Stands for the environment ID in store prefixes of AutoConfig and offline mode. */
export const ENVIRONMENT_ID_PLACEHOLDER = '$CID';

/** Rules between options (contract 4.3), the same for every front end. Names in messages are those of the document and of the variables. */
export function validate(config: RelayConfig, problems: Problems): void {
  checkModes(config, problems);
  for (const environment of config.environments) checkEnvironment(environment, problems);
  checkDuplicates(config.environments, problems);
  checkFilters(config, problems);
  checkStore(config, problems);
  checkDaemon(config, problems);
  warnOfOrigins(config, problems);
}

function checkDaemon({ mode, lease, store, server, events }: RelayConfig, problems: Problems): void {
  if (mode !== 'daemon') {
    if (lease) problems.mistakes.push("lease works only with mode 'daemon'");
    return;
  }
  if (!store.redis && !store.dynamodb) {
    problems.mistakes.push(
      'daemon mode (DAEMON_MODE) needs a store to keep up to date: configure Redis (USE_REDIS) or DynamoDB (USE_DYNAMODB)',
    );
  }
  const unused = [
    server.tls ? 'tlsEnabled (TLS_ENABLED)' : '',
    server.workers > 1 ? 'workers (WORKERS)' : '',
    events.enabled ? 'sendEvents (USE_EVENTS)' : '',
  ].filter((option) => option !== '');
  for (const option of unused) problems.warnings.push(`${option} has no effect in daemon mode: no SDK connects`);
}

function checkModes(config: RelayConfig, problems: Problems): void {
  const modes = [
    config.environments.length > 0 ? 'environments (LD_ENV_NAME)' : '',
    config.autoConfig ? 'AutoConfig (AUTO_CONFIG_KEY)' : '',
    config.offline ? 'an offline archive (FILE_DATA_SOURCE)' : '',
  ].filter((mode) => mode !== '');
  if (modes.length === 0) {
    problems.mistakes.push(
      'there is nothing to serve: configure environments (LD_ENV_NAME=<SDK key> or [Environment "NAME"]), AutoConfig (AUTO_CONFIG_KEY) or an offline archive (FILE_DATA_SOURCE)',
    );
  } else if (modes.length > 1) {
    problems.mistakes.push(`${modes.join(' and ')} cannot be used together; choose one`);
  }
  if (config.autoConfig) {
    exactlyOne('AutoConfig', 'key', config.autoConfig.key, 'keyFile', config.autoConfig.keyFile, problems);
  }
  if (config.offline && config.events.enabled) {
    problems.warnings.push('sendEvents (USE_EVENTS) has no effect in offline mode');
  }
}

function exactlyOne(
  where: string,
  key: string,
  value: string | undefined,
  fileKey: string,
  file: string | undefined,
  problems: Problems,
): void {
  if (value === undefined && file === undefined) problems.mistakes.push(`${where}: ${key} or ${fileKey} is required`);
  atMostOne(where, key, value, fileKey, file, problems);
}

function atMostOne(
  where: string,
  key: string,
  value: string | undefined,
  fileKey: string,
  file: string | undefined,
  problems: Problems,
): void {
  if (value !== undefined && file !== undefined) {
    problems.mistakes.push(`${where}: ${key} and ${fileKey} cannot be used together; choose one`);
  }
}

function checkEnvironment(environment: EnvironmentConfig, problems: Problems): void {
  const where = `environment "${environment.name}"`;
  const { sdkKey, sdkKeyFile, sdkKeyPrevious, sdkKeyPreviousFile, mobileKey, mobileKeyFile } = environment;
  if (environment.dataFile === undefined) exactlyOne(where, 'sdkKey', sdkKey, 'sdkKeyFile', sdkKeyFile, problems);
  else atMostOne(where, 'sdkKey', sdkKey, 'sdkKeyFile', sdkKeyFile, problems);
  atMostOne(where, 'sdkKeyPrevious', sdkKeyPrevious, 'sdkKeyPreviousFile', sdkKeyPreviousFile, problems);
  atMostOne(where, 'mobileKey', mobileKey, 'mobileKeyFile', mobileKeyFile, problems);
  const noKey = [sdkKey, sdkKeyFile, mobileKey, mobileKeyFile, environment.envId].every((key) => key === undefined);
  if (environment.dataFile !== undefined && noKey) {
    problems.mistakes.push(
      `${where}: an SDK key, a mobile key or a client-side ID is required, else nobody can reach it`,
    );
  }
}

/** ld-relay lets the last of two environments with one credential win silently; here that is a mistake (contract 14, row 51). */
function checkDuplicates(environments: readonly EnvironmentConfig[], problems: Problems): void {
  const fields = [
    ['name', (e: EnvironmentConfig) => e.name],
    ['SDK key', (e: EnvironmentConfig) => e.sdkKey],
    ['SDK key file', (e: EnvironmentConfig) => e.sdkKeyFile],
    ['mobile key', (e: EnvironmentConfig) => e.mobileKey],
    ['mobile key file', (e: EnvironmentConfig) => e.mobileKeyFile],
    ['client-side ID', (e: EnvironmentConfig) => e.envId],
  ] as const;
  for (const [what, read] of fields) {
    const seen = new Map<string, string>();
    for (const environment of environments) {
      const value = read(environment);
      if (value === undefined) continue;
      // One key may appear once per payload filter; names are unique in any case.
      const id = what === 'name' ? value : `${value}\n${environment.filterKey ?? ''}`;
      const other = seen.get(id);
      if (other !== undefined) {
        problems.mistakes.push(
          `environments "${other}" and "${environment.name}" have the same ${what}; each needs its own`,
        );
      }
      seen.set(id, environment.name);
    }
  }
}

function checkFilters(config: RelayConfig, problems: Problems): void {
  const projects = Object.keys(config.filters);
  if (projects.length === 0) return;
  if (config.autoConfig) {
    problems.mistakes.push('filters (LD_FILTER_KEYS_NAME) cannot be used with AutoConfig, which brings its own');
    return;
  }
  for (const environment of config.environments) {
    if (environment.projKey === undefined) {
      problems.mistakes.push(
        `environment "${environment.name}": projKey (LD_PROJ_KEY_${environment.name}) is required because filters are configured`,
      );
    }
  }
  for (const project of projects) {
    if (!config.environments.some((environment) => environment.projKey === project)) {
      problems.mistakes.push(`filters for project "${project}": no environment has this projKey`);
    }
    for (const key of config.filters[project] ?? []) {
      if (key.trim() === '') problems.mistakes.push(`filters for project "${project}": a filter key is empty`);
    }
  }
}

function checkStore(config: RelayConfig, problems: Problems): void {
  const { redis, dynamodb } = config.store;
  if (config.autoConfig?.cacheKey && !redis && !dynamodb?.tableName) {
    problems.mistakes.push(
      'cacheKey (AUTO_CONFIG_CACHE_KEY) needs a store: configure Redis (USE_REDIS), or DynamoDB with tableName (DYNAMODB_TABLE)',
    );
  }
  if (redis && dynamodb) {
    problems.mistakes.push('Redis (USE_REDIS) and DynamoDB (USE_DYNAMODB) cannot be used together; choose one');
    return;
  }
  if (redis) checkRedis(redis, problems);
  if (dynamodb) checkTables(config, dynamodb, problems);
  if (redis || dynamodb) checkPlaces(config, problems);
}

function checkRedis(redis: NonNullable<RelayConfig['store']['redis']>, problems: Problems): void {
  atMostOne('Redis', 'url', redis.url, 'urlFile', redis.urlFile, problems);
  if (redis.mode === 'sentinel' && redis.sentinelMaster === undefined) {
    problems.mistakes.push('Redis: sentinelMaster (REDIS_SENTINEL_MASTER) is required in sentinel mode');
  }
  if ((redis.certFile === undefined) !== (redis.keyFile === undefined)) {
    problems.mistakes.push('Redis: certFile and keyFile are needed together for a client certificate');
  }
}

/** ld-relay finds out when the environment is opened. */
function checkTables(
  { environments, autoConfig, offline }: RelayConfig,
  { tableName }: NonNullable<RelayConfig['store']['dynamodb']>,
  problems: Problems,
): void {
  if (tableName !== undefined) return;
  const needed = 'a DynamoDB table is required: set tableName (DYNAMODB_TABLE)';
  for (const environment of environments) {
    if (!environment.tableName) {
      problems.mistakes.push(`environment "${environment.name}": ${needed} or LD_TABLE_NAME_${environment.name}`);
    }
  }
  for (const shared of [autoConfig, offline]) {
    if (shared && !shared.envDatastoreTableName) {
      problems.mistakes.push(`${needed} or envDatastoreTableName (ENV_DATASTORE_TABLE_NAME)`);
    }
  }
}

/** Environments must not overwrite one another: each has its prefix, or with DynamoDB its table. */
function checkPlaces(config: RelayConfig, problems: Problems): void {
  const dynamodb = config.store.dynamodb !== undefined;
  checkPrefixes(config, problems);
  for (const [where, shared] of [
    ['AutoConfig', config.autoConfig],
    ['an offline archive', config.offline],
  ] as const) {
    if (shared === undefined || shared.envDatastorePrefix?.includes(ENVIRONMENT_ID_PLACEHOLDER)) continue;
    if (dynamodb && shared.envDatastoreTableName?.includes(ENVIRONMENT_ID_PLACEHOLDER)) continue;
    const or = dynamodb ? ', or envDatastoreTableName (ENV_DATASTORE_TABLE_NAME),' : '';
    const message = `envDatastorePrefix (ENV_DATASTORE_PREFIX)${or} must contain ${ENVIRONMENT_ID_PLACEHOLDER} with ${dynamodb ? 'DynamoDB' : 'Redis'} and ${where}, so that environments do not overwrite one another`;
    if (config.autoConfig) problems.mistakes.push(message);
    else problems.warnings.push(message);
  }
}

function checkPrefixes({ environments, store }: RelayConfig, problems: Problems): void {
  const { dynamodb } = store;
  const owners = new Map<string, string>();
  for (const { name, prefix = '', tableName } of environments) {
    const table = dynamodb === undefined ? '' : tableName || dynamodb.tableName || '';
    if (prefix === '' && (dynamodb === undefined || !tableName)) {
      const [database, or, kept] =
        dynamodb === undefined
          ? ['Redis', '', 'under "launchdarkly"']
          : ['DynamoDB', ` or tableName (LD_TABLE_NAME_${name})`, 'without one'];
      const message = `environment "${name}": prefix (LD_PREFIX_${name})${or} is required with ${database} when there are several environments`;
      if (environments.length > 1) problems.mistakes.push(message);
      else problems.warnings.push(`environment "${name}" has no store prefix; it is kept ${kept}`);
      continue;
    }
    const place = `${table}\n${prefix}`;
    const owner = owners.get(place);
    if (owner !== undefined) {
      const what = table === '' ? `the same store prefix "${prefix}"` : `the same place in table "${table}"`;
      problems.mistakes.push(`environments "${owner}" and "${name}" have ${what}; each needs its own`);
    }
    owners.set(place, name);
  }
}
