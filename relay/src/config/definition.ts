import type { EnvironmentDefinition } from '../environment/definition.ts';
import type { EnvironmentConfig, RelayConfig } from './document.ts';
import { trySecretFile } from './secrets.ts';

/** Every file whose content is part of a definition. */
export function credentialFiles(config: RelayConfig): string[] {
  const files = config.environments.flatMap(({ sdkKeyFile, sdkKeyPreviousFile, mobileKeyFile }) => [
    sdkKeyFile,
    sdkKeyPreviousFile,
    mobileKeyFile,
  ]);
  return [...new Set(files.filter((file) => file !== undefined))];
}

/**
 * The environments that a configuration names, with the secrets that its files hold now. Each environment of a project
 * with payload filters comes once more per filter, as `name/filter` (contract 4.2 Filters).
 */
export function definitionsOf(config: RelayConfig): EnvironmentDefinition[] {
  return config.environments.flatMap((environment) => {
    const definition = definitionOf(environment);
    const filters = environment.projKey === undefined ? [] : (config.filters[environment.projKey] ?? []);
    return [definition, ...filters.map((filterKey) => filtered(definition, filterKey))];
  });
}

function filtered(definition: EnvironmentDefinition, filterKey: string): EnvironmentDefinition {
  return {
    ...definition,
    id: `${definition.id}/${filterKey}`,
    name: `${definition.name}/${filterKey}`,
    filterKey,
    ...(definition.prefix === undefined ? {} : { prefix: `${definition.prefix}/${filterKey}` }),
  };
}

function definitionOf(environment: EnvironmentConfig): EnvironmentDefinition {
  const problems: string[] = [];
  const secret = (what: string, inline: string | undefined, file: string | undefined): string | undefined => {
    if (inline !== undefined || file === undefined) return inline;
    const result = trySecretFile(file);
    if ('value' in result) return result.value;
    problems.push(`${what}: ${result.problem}`);
    return undefined;
  };
  const sdkKey = secret('SDK key', environment.sdkKey, environment.sdkKeyFile);
  const mobileKey = secret('mobile key', environment.mobileKey, environment.mobileKeyFile);
  const problem = problems.join('; ');
  problems.length = 0;
  // The old key's file goes away when the rotation is over: its absence is no problem.
  const previous = secret('previous SDK key', environment.sdkKeyPrevious, environment.sdkKeyPreviousFile);
  return withoutUndefined({
    id: environment.name,
    name: environment.name,
    sdkKey,
    acceptedSdkKeys: previous === undefined || previous === sdkKey ? [] : [previous],
    expiringSdkKeys: [],
    mobileKey,
    envId: environment.envId,
    projKey: environment.projKey,
    filterKey: environment.filterKey,
    prefix: environment.prefix || undefined,
    secureMode: environment.secureMode,
    ttlMs: environment.ttlMs,
    allowedOrigins: environment.allowedOrigins,
    allowedHeaders: environment.allowedHeaders,
    logLevel: environment.logLevel,
    dataFile: environment.dataFile,
    credentialProblem: problem || undefined,
  });
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
