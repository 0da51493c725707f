import * as z from 'zod';
import type { EnvironmentDefinition } from '../model/definition.ts';
import { lenientObject } from './members.ts';

/** Stands for the environment ID in store prefixes (contract 4.2 AutoConfig). */
const ENVIRONMENT_ID_PLACEHOLDER = '$CID';

/** A key on its way out; `timestamp` is ms since the epoch, and a missing one is long past. */
const expiringKey = lenientObject({ value: z.string().default(''), timestamp: z.number().default(0) });

/** One SDK key that is accepted until its time. */
export type ExpiringKeyRep = z.output<typeof expiringKey>;

const shape = {
  envID: z.string().min(1),
  envKey: z.string().default(''),
  envName: z.string().default(''),
  mobKey: z.string().default(''),
  projKey: z.string().default(''),
  projName: z.string().default(''),
  sdkKey: lenientObject({ value: z.string().min(1), expiring: expiringKey.optional() }),
  /** Minutes. */
  defaultTtl: z.number().default(0),
  secureMode: z.boolean().default(false),
  version: z.number().default(0),
};

/**
 * An environment as AutoConfig and offline archives describe it (contract 8.1), read as leniently as the reference reads.
 * Without a current SDK key there is nothing to connect with: that is a mistake, and no revocation.
 */
export const environmentRep = lenientObject(shape);

/** The same as this relay keeps it. `retiring` are keys of earlier rotations in grace: upstream only ever names the last one. */
export const storedEnvironmentRep = lenientObject({ ...shape, retiring: z.array(expiringKey).optional() });

/** One environment of AutoConfig or of an archive. */
export type EnvironmentRep = z.output<typeof storedEnvironmentRep>;

/** What the configuration says about all environments of AutoConfig or of an archive. */
export interface SharedSettings {
  readonly envDatastorePrefix?: string | undefined;
  readonly envDatastoreTableName?: string | undefined;
  readonly envAllowedOrigins: readonly string[];
  readonly envAllowedHeaders: readonly string[];
}

/** The definition of an environment, or of its part behind a payload filter (contract 8.2). Filtered twins have a name of their own in `/status`. */
export function definitionOfRep(
  rep: EnvironmentRep,
  settings: SharedSettings,
  filterKey?: string,
): EnvironmentDefinition {
  const id = filterKey === undefined ? rep.envID : `${rep.envID}/${filterKey}`;
  const storeId = filterKey === undefined ? rep.envID : `${rep.envID}.${filterKey}`;
  return {
    id,
    name: id,
    sdkKey: rep.sdkKey.value,
    acceptedSdkKeys: [],
    expiringSdkKeys: expiringKeysOf(rep).map(({ value, timestamp }) => ({ value, expiresAt: timestamp })),
    ...(rep.mobKey === '' ? {} : { mobileKey: rep.mobKey }),
    envId: rep.envID,
    envKey: rep.envKey,
    envName: rep.envName,
    projKey: rep.projKey,
    projName: rep.projName,
    ...(filterKey === undefined ? {} : { filterKey }),
    ...(settings.envDatastorePrefix === undefined
      ? {}
      : { prefix: settings.envDatastorePrefix.replaceAll(ENVIRONMENT_ID_PLACEHOLDER, () => storeId) }),
    ...(settings.envDatastoreTableName === undefined
      ? {}
      : { table: settings.envDatastoreTableName.replaceAll(ENVIRONMENT_ID_PLACEHOLDER, () => storeId) }),
    secureMode: rep.secureMode,
    ttlMs: Math.max(0, rep.defaultTtl) * 60_000,
    allowedOrigins: settings.envAllowedOrigins,
    allowedHeaders: settings.envAllowedHeaders,
  };
}

/** The newest description of an environment that was known as `former`, with what only `former` knows. */
export function succeed(former: EnvironmentRep, next: EnvironmentRep, now: number): EnvironmentRep {
  const named = new Set([next.sdkKey.value, next.sdkKey.expiring?.value]);
  // A key lives until its own time, however many rotations follow; what `next` says of a key itself counts.
  const retiring = expiringKeysOf(former).filter(({ value, timestamp }) => timestamp > now && !named.has(value));
  return {
    ...next,
    // Absence is no revocation: a mobile key is only ever replaced.
    mobKey: next.mobKey === '' ? former.mobKey : next.mobKey,
    ...(retiring.length === 0 ? {} : { retiring }),
  };
}

/** The keys of a description that are on their way out, the one of the last rotation first. */
function expiringKeysOf({ sdkKey: { expiring }, retiring = [] }: EnvironmentRep): ExpiringKeyRep[] {
  return [...(expiring === undefined ? [] : [expiring]), ...retiring].filter(({ value }) => value !== '');
}
