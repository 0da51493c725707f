import * as z from 'zod';
import type { EnvironmentDefinition } from '../environment/definition.ts';

/** Stands for the environment ID in store prefixes (contract 4.2 AutoConfig). */
const ENVIRONMENT_ID_PLACEHOLDER = '$CID';

/** An environment as AutoConfig and offline archives describe it (contract 8.1). Unknown members are ignored. */
export const environmentRep = z.object({
  envID: z.string().min(1),
  envKey: z.string().default(''),
  envName: z.string().default(''),
  mobKey: z.string().default(''),
  projKey: z.string().default(''),
  projName: z.string().default(''),
  sdkKey: z.object({
    value: z.string(),
    /** `timestamp` is ms since the epoch. */
    expiring: z.object({ value: z.string(), timestamp: z.number() }).nullish(),
  }),
  /** Minutes. */
  defaultTtl: z.number().default(0),
  secureMode: z.boolean().default(false),
  version: z.number().default(0),
});

/** One environment of AutoConfig or of an archive. */
export type EnvironmentRep = z.output<typeof environmentRep>;

/** What the configuration says about all environments of AutoConfig or of an archive. */
export interface SharedSettings {
  readonly envDatastorePrefix?: string | undefined;
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
  const { expiring } = rep.sdkKey;
  return {
    id,
    name: id,
    ...(rep.sdkKey.value === '' ? {} : { sdkKey: rep.sdkKey.value }),
    acceptedSdkKeys: [],
    expiringSdkKeys: expiring ? [{ value: expiring.value, expiresAt: expiring.timestamp }] : [],
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
    secureMode: rep.secureMode,
    ttlMs: Math.max(0, rep.defaultTtl) * 60_000,
    allowedOrigins: settings.envAllowedOrigins,
    allowedHeaders: settings.envAllowedHeaders,
  };
}
