import { createHash } from 'node:crypto';
import type { Dispatcher } from 'undici';
import type { RelayConfig } from '../../../../config/document.ts';
import type { DataSet } from '../../../../data/data.ts';
import { applyChanges, type DefinitionSource } from '../../../../environment/definition.ts';
import { StartupError } from '../../../../errors.ts';
import type { Logger } from '../../../../telemetry/logger.ts';
import type { EnvironmentDefinition, ExpiringKey } from '../../model/definition.ts';
import { createAutoConfig } from '../autoconfig/source.ts';
import { createConfiguredDefinitions } from '../configured/definitions.ts';
import type { EnvironmentRep } from '../environment-rep.ts';
import { createFileSource } from '../file.ts';
import { createStreamSource } from '../stream/stream.ts';
import { type EnvironmentToArchive, writeArchive } from './write.ts';

/** How many environments are fetched at a time. */
const AT_A_TIME = 8;

/** Dependencies of the export. */
export interface ExportDeps {
  readonly dispatcher?: Dispatcher;
  readonly logger: Logger;
}

/**
 * Fetches every environment once, as the relay would, and writes them into an archive for a relay that has no way to
 * LaunchDarkly. All or nothing: throws a StartupError that says which environments have no data within `initTimeoutMs`,
 * or cannot be in an archive; the error of `node:fs` when the file cannot be written.
 */
export async function exportArchive(config: RelayConfig, outFile: string, deps: ExportDeps): Promise<void> {
  if (config.offline) throw new StartupError('the configuration serves an archive already; copy that file');
  const definitions = await definitionsOf(config, deps);
  const unfit = definitions.filter(({ envId, sdkKey }) => envId === undefined || sdkKey === undefined);
  if (unfit.length > 0) {
    const names = unfit.map(({ name }) => `"${name}"`).join(', ');
    throw new StartupError(
      `an archive needs the SDK key and the client-side ID of each environment; missing for ${names}`,
    );
  }
  const environments: EnvironmentToArchive[] = [];
  const failures: string[] = [];
  for (let at = 0; at < definitions.length; at += AT_A_TIME) {
    const batch = definitions.slice(at, at + AT_A_TIME).map(async (definition) => {
      const data = await fetchOnce(definition, config, deps);
      if (typeof data === 'string') failures.push(`"${definition.name}": ${data}`);
      else environments.push({ rep: repOf(definition), data });
    });
    await Promise.all(batch);
  }
  if (failures.length > 0) throw new StartupError(`no archive was written; no data for ${failures.join('; ')}`);
  environments.sort((a, b) => (a.rep.envID < b.rep.envID ? -1 : 1));
  await writeArchive(outFile, environments);
  deps.logger.info('wrote the archive', { file: outFile, environments: environments.length });
}

/** The list of environments now, without those behind payload filters: an archive has none. */
async function definitionsOf(config: RelayConfig, deps: ExportDeps): Promise<EnvironmentDefinition[]> {
  const source: DefinitionSource<EnvironmentDefinition> = config.autoConfig
    ? createAutoConfig(config.autoConfig, {
        ...deps,
        streamUri: config.upstream.streamUri,
        firstListMs: config.upstream.initTimeoutMs,
      })
    : createConfiguredDefinitions(config, deps.logger);
  const list = new Map<string, EnvironmentDefinition>();
  let listed = false;
  try {
    await source.start({
      replace(definitions) {
        listed = true;
        list.clear();
        applyChanges(list, { removed: [], changed: definitions });
      },
      change: (changes) => applyChanges(list, changes),
    });
  } finally {
    await source.close();
  }
  if (!listed) throw new StartupError('LaunchDarkly gave no list of environments in time');
  return [...list.values()].filter((definition) => definition.filterKey === undefined);
}

/** The data of one environment, or in words why there is none. */
async function fetchOnce(
  definition: EnvironmentDefinition,
  config: RelayConfig,
  deps: ExportDeps,
): Promise<DataSet | string> {
  const logger = deps.logger.child({ environment: definition.name });
  const source =
    definition.dataFile === undefined
      ? createStreamSource({ ...deps, uri: config.upstream.streamUri, sdkKey: definition.sdkKey ?? '', logger })
      : createFileSource({ path: definition.dataFile, logger });
  const result = Promise.withResolvers<DataSet | string>();
  let lastError = 'no answer in time';
  const timer = setTimeout(() => result.resolve(lastError), config.upstream.initTimeoutMs);
  source.start({
    put: (data) => result.resolve(data),
    upsert: () => undefined,
    link: (state, error) => {
      if (error) lastError = error.message;
      if (state === 'OFF') result.resolve(lastError);
    },
  });
  try {
    return await result.promise;
  } finally {
    clearTimeout(timer);
    await source.close();
  }
}

/** All keys of one kind, the current one first. */
function keyReps(
  current = '',
  accepted: readonly string[] = [],
  expiring: readonly ExpiringKey[] = [],
): NonNullable<EnvironmentRep['sdkKeys']> {
  return [
    ...[current, ...accepted].map((value) => ({ value })),
    ...expiring.map(({ value, expiresAt }) => ({ value, expiry: expiresAt })),
  ];
}

function repOf(definition: EnvironmentDefinition): EnvironmentRep {
  const expiring = definition.expiringSdkKeys[0];
  const sdkKeys = keyReps(definition.sdkKey, definition.acceptedSdkKeys, definition.expiringSdkKeys);
  const mobileKeys = keyReps(definition.mobileKey, definition.acceptedMobileKeys, definition.expiringMobileKeys);
  const rep = {
    envID: definition.envId ?? '',
    envKey: definition.envKey ?? definition.name,
    envName: definition.envName ?? definition.name,
    mobKey: definition.mobileKey ?? '',
    projKey: definition.projKey ?? '',
    projName: definition.projName ?? '',
    sdkKey: {
      value: definition.sdkKey ?? '',
      ...(expiring ? { expiring: { value: expiring.value, timestamp: expiring.expiresAt } } : {}),
    },
    defaultTtl: Math.ceil(definition.ttlMs / 60_000),
    secureMode: definition.secureMode,
    // One that has no more than the other members say is written as it always was.
    ...(definition.acceptedSdkKeys.length === 0 && definition.expiringSdkKeys.length <= 1 ? {} : { sdkKeys }),
    ...(mobileKeys.length <= 1 ? {} : { mobileKeys }),
  };
  // Readers take a new description only if its version differs: it is made of the content.
  const digest = createHash('sha256').update(JSON.stringify(rep)).digest();
  return { ...rep, version: digest.readUIntBE(0, 6) };
}
