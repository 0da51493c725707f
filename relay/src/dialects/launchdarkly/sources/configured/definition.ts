import type { RelayConfig } from '../../../../config/document.ts';
import type { AwaitedCredential, EnvironmentDefinition } from '../../model/definition.ts';
import { isKeyUnknown, type KeyInForce, type RunningEnvironment, succeed } from './succession.ts';

/** Every file whose content is part of a definition. */
export function credentialFiles({ environments }: Pick<RelayConfig, 'environments'>): string[] {
  const files = environments.flatMap(({ sdkKeyFile, sdkKeyPreviousFile, mobileKeyFile }) => [
    sdkKeyFile,
    sdkKeyPreviousFile,
    mobileKeyFile,
  ]);
  return [...new Set(files.filter((file) => file !== undefined))];
}

/** There is a database, so that an environment has its place in it. */
export function hasDatabase({ store }: Pick<RelayConfig, 'store'>): boolean {
  return store.redis !== undefined || store.dynamodb !== undefined;
}

/** The environments that a configuration names, with the secrets that its files hold now, where nothing has run before. */
export function definitionsOf(config: RelayConfig): EnvironmentDefinition[] {
  const hasStore = hasDatabase(config);
  const { environments } = succeed([], config.environments, { now: Date.now(), hasStore });
  return definitionsFor(environments, config.filters);
}

/**
 * The definitions of what runs. Each environment of a project with payload filters comes once more per filter, as
 * `name/filter` (contract 4.2 Filters).
 */
export function definitionsFor(
  environments: readonly RunningEnvironment[],
  filters: RelayConfig['filters'],
): EnvironmentDefinition[] {
  return environments.flatMap((environment) => {
    const definition = definitionOf(environment);
    const { projKey } = environment.config;
    const keys = projKey === undefined ? [] : (filters[projKey] ?? []);
    return [definition, ...keys.map((filterKey) => filtered(definition, filterKey))];
  });
}

function filtered(definition: EnvironmentDefinition, filterKey: string): EnvironmentDefinition {
  return {
    ...definition,
    id: `${definition.id}/${filterKey}`,
    name: `${definition.name}/${filterKey}`,
    filterKey,
    // Without a prefix too, as ld-relay does: the environment and its filters must not share a place in the database.
    prefix: `${definition.prefix ?? ''}/${filterKey}`,
  };
}

function definitionOf(running: RunningEnvironment): EnvironmentDefinition {
  const { id, config, sdkKey, previous, previousAwaitedSince, mobileKey } = running;
  const problems = [problemOf('SDK key', sdkKey), problemOf('mobile key', mobileKey)].filter(
    (one) => one !== undefined,
  );
  const since = [sdkKey.missingSince, mobileKey.missingSince].filter((time) => time !== undefined);
  const awaited: AwaitedCredential[] = [];
  if (isKeyUnknown(running)) awaited.push('sdk');
  if (mobileKey.problem !== undefined && mobileKey.value === undefined) awaited.push('mobile');
  const accepted = previous === undefined || previous === sdkKey.value ? [] : [previous];
  return withoutUndefined({
    id,
    name: config.name,
    sdkKey: sdkKey.value,
    acceptedSdkKeys: accepted,
    hasPrevious: accepted.length > 0 || undefined,
    expiringSdkKeys: [],
    mobileKey: mobileKey.value,
    envId: config.envId,
    projKey: config.projKey,
    filterKey: config.filterKey,
    prefix: config.prefix || undefined,
    table: config.tableName || undefined,
    secureMode: config.secureMode,
    ttlMs: config.ttlMs,
    allowedOrigins: config.allowedOrigins,
    allowedHeaders: config.allowedHeaders,
    logLevel: config.logLevel,
    dataFile: config.dataFile,
    credentialProblem: problems.length === 0 ? undefined : problems.join('; '),
    credentialMissingSince: since.length === 0 ? undefined : Math.min(...since),
    awaited: awaited.length === 0 ? undefined : awaited,
    awaitedPrevious:
      previousAwaitedSince === undefined || config.sdkKeyPreviousFile === undefined
        ? undefined
        : { scope: 'sdk', file: config.sdkKeyPreviousFile, since: previousAwaitedSince },
  });
}

function problemOf(what: string, { value, problem }: KeyInForce): string | undefined {
  if (problem === undefined) return undefined;
  return value === undefined ? `${what}: ${problem}` : `${what}: ${problem}; the last one stays in force`;
}

function withoutUndefined(
  definition: {
    [K in keyof EnvironmentDefinition]: EnvironmentDefinition[K] | undefined;
  },
): EnvironmentDefinition {
  return Object.fromEntries(
    Object.entries(definition).filter(([, value]) => value !== undefined),
  ) as unknown as EnvironmentDefinition;
}
