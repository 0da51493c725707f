import type { Definition } from '../../../environment/definition.ts';

/** An SDK or mobile key on its way out: accepted until `expiresAt` (contract 9.2). */
export interface ExpiringKey {
  readonly value: string;
  /** ms since the epoch; in the past = already revoked (contract 14, row 49) */
  readonly expiresAt: number;
}

/** A credential that an environment has and that this process has never read, so that it cannot tell who is right. */
export type AwaitedCredential = 'sdk' | 'mobile';

/**
 * What makes one environment of LaunchDarkly, from the configuration, AutoConfig or an archive. A payload filter
 * makes a definition of its own. `id` is the name that it was first configured with; with AutoConfig and offline the environment
 * id; `/<filter>` appended for a filter. `name` is its key in the `/status` document (contract 3).
 */
export interface EnvironmentDefinition extends Definition {
  /** Absent while its file has never been there (see `awaited`). */
  readonly sdkKey?: string;
  /** Further SDK keys that are accepted for good: a second current key. */
  readonly acceptedSdkKeys: readonly string[];
  readonly expiringSdkKeys: readonly ExpiringKey[];
  readonly mobileKey?: string;
  /** Further mobile keys that are accepted for good. */
  readonly acceptedMobileKeys?: readonly string[];
  readonly expiringMobileKeys?: readonly ExpiringKey[];
  /** Client-side ID. */
  readonly envId?: string;
  readonly envKey?: string;
  readonly envName?: string;
  readonly projKey?: string;
  readonly projName?: string;
  /** Payload filter; absent for the whole environment. */
  readonly filterKey?: string;
  readonly secureMode: boolean;
  /** `Expires` of the PHP polling endpoints in ms; 0 = none (contract 1.6). */
  readonly ttlMs: number;
  /** Empty = any origin (contract 1.7). */
  readonly allowedOrigins: readonly string[];
  readonly allowedHeaders: readonly string[];
  /** A data file that is served instead of an upstream stream. */
  readonly dataFile?: string;
  readonly awaited?: readonly AwaitedCredential[];
}
