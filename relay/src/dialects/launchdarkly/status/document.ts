import type { LinkStatus } from '../../../data/link.ts';
import type { StoreStatus } from '../../../environment/store.ts';
import type { BigSegmentStoreStatus } from '../bigsegments/types.ts';
import type { EnvironmentDefinition } from '../model/definition.ts';

/** How one environment does, for `/status`. */
export interface EnvironmentStatus {
  readonly definition: EnvironmentDefinition;
  readonly link: LinkStatus;
  readonly store: StoreStatus;
  readonly connected: boolean;
  /** The keys in grace now. */
  readonly expiringKeys: readonly string[];
  /** All keys of a kind where there are several, the current one first. */
  readonly sdkKeys?: readonly KeyStatus[];
  readonly mobileKeys?: readonly KeyStatus[];
  readonly bigSegments?: BigSegmentStoreStatus;
  /** Flags and segments that cannot be used, with the reason. */
  readonly refused: ReadonlyMap<string, string>;
}

/** One key of several; `expiry` in ms since the epoch, absent for good. */
export interface KeyStatus {
  readonly value: string;
  readonly expiry?: number;
}

/** Rules of the whole. */
export interface StatusRules {
  readonly version: string;
  /** False until the list of environments is known (AutoConfig). */
  readonly listed: boolean;
  readonly bigSegmentsStaleAsDegraded: boolean;
  /** What the owner of the list sent and cannot be used, by ID with the reason. */
  readonly refused: ReadonlyMap<string, string>;
}

/** The `/status` document, in LaunchDarkly's shape (contract 3). */
export interface StatusDocument {
  readonly environments: Readonly<Record<string, EnvironmentDocument>>;
  readonly status: 'healthy' | 'degraded';
  readonly version: string;
  readonly clientVersion: string;
  /** Environments (and `filters/ID`) that could not be used, with the reason: those that were known serve as before. Absent when all is well. */
  readonly refusedEnvironments?: Readonly<Record<string, string>>;
}

/** One environment in it. */
export type EnvironmentDocument = Readonly<Record<string, unknown>>;

/** Builds the whole document. */
export function statusDocument(environments: readonly EnvironmentStatus[], rules: StatusRules): StatusDocument {
  const entries = Object.create(null) as Record<string, EnvironmentDocument>;
  let healthy = rules.listed;
  for (const environment of environments) {
    entries[environment.definition.name] = environmentDocument(environment);
    const stale = rules.bigSegmentsStaleAsDegraded && environment.bigSegments?.potentiallyStale === true;
    if (!environment.connected || stale) healthy = false;
  }
  return {
    environments: entries,
    status: healthy ? 'healthy' : 'degraded',
    version: rules.version,
    clientVersion: rules.version,
    ...(rules.refused.size === 0 ? {} : { refusedEnvironments: Object.fromEntries(rules.refused) }),
  };
}

/** Builds one environment's part. Members without a value are left out. */
export function environmentDocument(environment: EnvironmentStatus): EnvironmentDocument {
  const { definition, link, store, expiringKeys, refused } = environment;
  return prune({
    sdkKey: obscureKey(definition.sdkKey ?? ''),
    envId: definition.envId,
    envKey: definition.envKey,
    envName: definition.envName,
    // A project key that was only configured, for its filters, is not shown, as in ld-relay.
    projKey: definition.envKey === undefined ? undefined : definition.projKey,
    projName: definition.projName,
    mobileKey: definition.mobileKey === undefined ? undefined : obscureKey(definition.mobileKey),
    expiringSdkKey: expiringKeys[0] === undefined ? undefined : obscureKey(expiringKeys[0]),
    sdkKeys: environment.sdkKeys?.map(obscured),
    mobileKeys: environment.mobileKeys?.map(obscured),
    status: environment.connected ? 'connected' : 'disconnected',
    connectionStatus: prune({
      state: link.state,
      stateSince: link.stateSince,
      lastError: link.lastError === undefined ? undefined : { kind: link.lastError.kind, time: link.lastError.time },
      problem: definition.credentialProblem,
      problemSince: definition.credentialMissingSince,
    }),
    dataStoreStatus: prune({ ...store }),
    bigSegmentStatus: environment.bigSegments,
    // Absent when all is well.
    refusedItems: refused.size === 0 ? undefined : Object.fromEntries(refused),
  });
}

/**
 * Hides a credential the way ld-relay does (contract 3, "Obscuring"): `sdk-` and the last five characters stay; in between
 * hexadecimal digits become `*`.
 */
export function obscureKey(key: string): string {
  const keep = /^[a-z]{3}-/.test(key) ? 4 : 0;
  if (key.length <= keep + 5) return key.slice(0, keep) + '*'.repeat(Math.max(0, key.length - keep));
  return key.slice(0, keep) + key.slice(keep, -5).replace(/[0-9a-fA-F]/g, '*') + key.slice(-5);
}

function obscured({ value, ...rest }: KeyStatus): KeyStatus {
  return { value: obscureKey(value), ...rest };
}

function prune<T extends Record<string, unknown>>(members: T): EnvironmentDocument {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
