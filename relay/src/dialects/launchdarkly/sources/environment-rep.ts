import * as z from 'zod';
import type { EnvironmentDefinition, ExpiringKey } from '../model/definition.ts';
import { lenientObject } from './members.ts';

/** Stands for the environment ID in store prefixes (contract 4.2 AutoConfig). */
const ENVIRONMENT_ID_PLACEHOLDER = '$CID';

/** A key on its way out; `timestamp` is ms since the epoch, and a missing one is long past. */
const expiringKey = lenientObject({ value: z.string().default(''), timestamp: z.number().default(0) });

/** One SDK key that is accepted until its time. */
export type ExpiringKeyRep = z.output<typeof expiringKey>;

/** One of several keys of a kind; without `expiry` (ms since the epoch) for good, with `hasViews` for other relays than this one. */
const keyRep = lenientObject({
  key: z.string().optional(),
  /** What cannot be sent as a header is no key. */
  value: z.string().regex(/^[ -~]+$/),
  expiry: z.number().optional(),
  hasViews: z.boolean().optional(),
});

type KeyRep = z.output<typeof keyRep>;

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
  /** All SDK keys, the current one among them; empty or absent: `sdkKey` says everything. */
  sdkKeys: z.array(keyRep).optional(),
  /** The same of mobile keys, with `mobKey` among them. */
  mobileKeys: z.array(keyRep).optional(),
};

/** Members of {@link shape} that have to agree with each other. */
interface KeyMembers {
  readonly mobKey: string;
  readonly sdkKey: { readonly value: string };
  readonly sdkKeys?: readonly KeyRep[] | undefined;
  readonly mobileKeys?: readonly KeyRep[] | undefined;
}

/** The lists of keys name the current ones, as the reference demands: else nobody could tell which of the two is right. */
function checkKeys({ sdkKey, mobKey, sdkKeys = [], mobileKeys = [] }: KeyMembers, context: z.RefinementCtx): void {
  const check = (path: string, keys: readonly KeyRep[], current: string) => {
    if (keys.length > 0 && !keys.some(({ value }) => value === current)) {
      context.addIssue({ code: 'custom', path: [path], message: 'the current key is not among them' });
    }
  };
  check('sdkKeys', sdkKeys, sdkKey.value);
  check('mobileKeys', mobileKeys, mobKey);
}

/**
 * An environment as AutoConfig and offline archives describe it (contract 8.1), read as leniently as the reference reads.
 * Without a current SDK key there is nothing to connect with: that is a mistake, and no revocation.
 */
export const environmentRep = lenientObject(shape).superRefine(checkKeys);

/** The same as this relay keeps it. `retiring` are keys of earlier rotations in grace: upstream only ever names the last one. */
export const storedEnvironmentRep = lenientObject({ ...shape, retiring: z.array(expiringKey).optional() }).superRefine(
  checkKeys,
);

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
  const sdkKeys = isListed(rep)
    ? furtherKeys(rep.sdkKeys, rep.sdkKey.value)
    : {
        accepted: [],
        expiring: expiringKeysOf(rep).map(({ value, timestamp }) => ({ value, expiresAt: timestamp })),
      };
  const mobileKeys = furtherKeys(rep.mobileKeys, rep.mobKey);
  return {
    id,
    name: id,
    sdkKey: rep.sdkKey.value,
    acceptedSdkKeys: sdkKeys.accepted,
    expiringSdkKeys: sdkKeys.expiring,
    ...(mobileKeys.accepted.length === 0 ? {} : { acceptedMobileKeys: mobileKeys.accepted }),
    ...(mobileKeys.expiring.length === 0 ? {} : { expiringMobileKeys: mobileKeys.expiring }),
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
  // A list is all there is: what it lacks is revoked.
  if (isListed(former) || isListed(next)) return withMobileKey(former, next);
  const named = new Set([next.sdkKey.value, next.sdkKey.expiring?.value]);
  // A key lives until its own time, however many rotations follow; what `next` says of a key itself counts.
  const retiring = expiringKeysOf(former).filter(({ value, timestamp }) => timestamp > now && !named.has(value));
  return {
    ...withMobileKey(former, next),
    ...(retiring.length === 0 ? {} : { retiring }),
  };
}

/** Absence is no revocation: a mobile key is only ever replaced. */
function withMobileKey({ mobKey }: EnvironmentRep, next: EnvironmentRep): EnvironmentRep {
  return next.mobKey === '' ? { ...next, mobKey } : next;
}

/** True when `sdkKeys` says which SDK keys there are. */
function isListed({ sdkKeys = [] }: EnvironmentRep): boolean {
  return sdkKeys.length > 0;
}

/**
 * The keys of a list beside `current`, which is accepted whatever the list says of it. Of a value that is listed twice the
 * earlier end counts, and it is not accepted where one entry restricts it to views, which a relay cannot serve.
 */
function furtherKeys(
  keys: readonly KeyRep[] = [],
  current: string,
): { readonly accepted: string[]; readonly expiring: ExpiringKey[] } {
  const ends = new Map<string, number>();
  for (const { value, expiry = Number.POSITIVE_INFINITY, hasViews = false } of keys) {
    if (value === current) continue;
    ends.set(value, Math.min(ends.get(value) ?? Number.POSITIVE_INFINITY, hasViews ? 0 : expiry));
  }
  const accepted: string[] = [];
  const expiring: ExpiringKey[] = [];
  for (const [value, expiresAt] of ends) {
    if (expiresAt === Number.POSITIVE_INFINITY) accepted.push(value);
    else expiring.push({ value, expiresAt });
  }
  return { accepted, expiring };
}

/** The keys of a description that are on their way out, the one of the last rotation first. */
function expiringKeysOf({ sdkKey: { expiring }, retiring = [] }: EnvironmentRep): ExpiringKeyRep[] {
  return [...(expiring === undefined ? [] : [expiring]), ...retiring].filter(({ value }) => value !== '');
}
