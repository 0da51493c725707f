import type { LogLevel } from '../telemetry/logger.ts';

/** An SDK key on its way out: accepted until `expiresAt` (contract 9.2). */
export interface ExpiringKey {
  readonly value: string;
  /** ms since the epoch; in the past = already revoked (contract 14, row 49) */
  readonly expiresAt: number;
}

/** A credential that an environment has and that this process has never read, so that it cannot tell who is right. */
export type AwaitedCredential = 'sdk' | 'mobile';

/**
 * What makes one environment, whoever says so: the configuration, AutoConfig or an archive. A payload filter makes a
 * definition of its own. Immutable; a change comes as a new definition with the same `id`.
 */
export interface EnvironmentDefinition {
  /** Unique in the relay: the name that it was first configured with; with AutoConfig and offline the environment id; `/<filter>` appended for a filter. */
  readonly id: string;
  /** Key in the `/status` document (contract 3). */
  readonly name: string;
  /** Absent while its file has never been there (see `awaited`). */
  readonly sdkKey?: string;
  /** Further SDK keys that are accepted for good: a second current key. */
  readonly acceptedSdkKeys: readonly string[];
  readonly expiringSdkKeys: readonly ExpiringKey[];
  readonly mobileKey?: string;
  /** Client-side ID. */
  readonly envId?: string;
  readonly envKey?: string;
  readonly envName?: string;
  readonly projKey?: string;
  readonly projName?: string;
  /** Payload filter; absent for the whole environment. */
  readonly filterKey?: string;
  /** Key prefix in the persistent store. */
  readonly prefix?: string;
  readonly secureMode: boolean;
  /** `Expires` of the PHP polling endpoints in ms; 0 = none (contract 1.6). */
  readonly ttlMs: number;
  /** Empty = any origin (contract 1.7). */
  readonly allowedOrigins: readonly string[];
  readonly allowedHeaders: readonly string[];
  readonly logLevel?: LogLevel;
  /** A data file that is served instead of an upstream stream. */
  readonly dataFile?: string;
  /** Which credential's file is missing, such as that of a Secret that was deleted; no credential in it. What was read before stays in force. */
  readonly credentialProblem?: string;
  /** Since when the first of them is, ms since the epoch. */
  readonly credentialMissingSince?: number;
  /** Credentials that are configured and not known yet: somebody who sends one cannot be told from somebody who guesses. */
  readonly awaited?: readonly AwaitedCredential[];
  /**
   * The file of the SDK key before a rotation, which is configured and was never there: it may have been ended, or its reference is
   * a mistake. The environment is well without, but an unknown SDK key may be this one.
   */
  readonly awaitedPrevious?: { readonly file: string /** ms since the epoch */; readonly since: number };
}

/** What is different in a list of environments. */
export interface DefinitionChanges {
  /** IDs of those that are gone: their streams close at once, their keys are unknown from now on. */
  readonly removed: readonly string[];
  /** New ones, and those that have changed: in place, without dropping other clients' streams (contract 8.2). */
  readonly changed: readonly EnvironmentDefinition[];
}

/** Brings a list, by ID, up to date. */
export function applyChanges(list: Map<string, EnvironmentDefinition>, { removed, changed }: DefinitionChanges): void {
  for (const id of removed) list.delete(id);
  for (const definition of changed) list.set(definition.id, definition);
}

/** The list of environments as its owner sees it now, and as it changes. */
export interface DefinitionSink {
  /** The whole list: what is not in it is removed. */
  replace(definitions: readonly EnvironmentDefinition[]): void;
  /** Only what is different from before, all at once: a key may move from one environment to another. Costs nothing for the others. */
  change(changes: DefinitionChanges): void;
  /** What the owner of the list sent and cannot be used, by ID with the reason, and empty when all is well; said before the list or change that it came with. */
  refused?(entries: ReadonlyMap<string, string>): void;
}

/** Who says which environments there are: configuration files, AutoConfig, an archive. */
export interface DefinitionSource {
  /** Starts delivering; resolves when the first list is in or is known to take a while (AutoConfig). Throws {@link StartupError} for what must stop the process. */
  start(sink: DefinitionSink): Promise<void>;
  close(): Promise<void>;
}
