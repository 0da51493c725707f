import type { LogLevel } from '../telemetry/logger.ts';

/** Digest of a credential together with its scope: what the relay compares and indexes, never the credential itself. */
export type CredentialDigest = string;

/** Something that opens an environment. The dialect makes it; the core only compares it. */
export interface Credential {
  /** On which routes it is good, in the dialect's words: a credential opens nothing anywhere else. */
  readonly scope: string;
  readonly digest: CredentialDigest;
}

/**
 * What makes one environment, whoever says so. A dialect adds what its upstream and its clients need. Immutable; a change comes
 * as a new definition with the same `id`.
 */
export interface Definition {
  /** Unique in the relay; stays when the environment is renamed. */
  readonly id: string;
  /** For people: in logs, metrics and status. */
  readonly name: string;
  /** Key prefix in the persistent store; the dialect's own where it is absent. */
  readonly prefix?: string;
  /** Table of a database that has tables; that of the configuration where it is absent. */
  readonly table?: string;
  readonly logLevel?: LogLevel;
  /** Which credential's file is missing, such as that of a Secret that was deleted; no credential in it. What was read before stays in force. */
  readonly credentialProblem?: string;
  /** Since when the first of them is, ms since the epoch. */
  readonly credentialMissingSince?: number;
  /** Scopes of credentials that are configured and not known yet: somebody who sends one cannot be told from somebody who guesses. */
  readonly awaited?: readonly string[];
  /** It accepts a credential before a rotation as well. */
  readonly hasPrevious?: boolean;
  /**
   * The file of a credential before a rotation, which is configured and was never there: it may have been ended, or its reference is
   * wrong. The environment is well without, but an unknown credential of that scope may be this one.
   */
  readonly awaitedPrevious?: {
    readonly scope: string;
    readonly file: string;
    /** ms since the epoch */
    readonly since: number;
  };
}

/** What becomes of the source of an environment whose definition changed. */
export interface Succession {
  /** The old source delivers until the new one does. */
  readonly grace: boolean;
  /** What is going on, for the log. */
  readonly message: string;
}

/** What the core has to know of the definitions of a dialect. Pure functions. */
export interface DefinitionRules<D extends Definition = Definition> {
  /** Digests a credential as a client presents it. A guess that shares a prefix with a credential has an unrelated digest. */
  digest(scope: string, value: string): CredentialDigest;
  /** What a scope's credentials are called, for people. */
  nameOf(scope: string): string;
  /** Everything that opens the environment at `now` (ms since the epoch). */
  credentials(definition: D, now: number): readonly Credential[];
  /** Those of them that no other environment may have. */
  keys(definition: D): readonly Credential[];
  /** When credentials of it end by themselves, ms since the epoch; those that have ended may be among them. */
  expiries(definition: D): readonly number[];
  /** What tells environments with the same credential apart, such as a payload filter; `''` = nothing. */
  variant(definition: D): string;
  /** What its data come from: another text means another source. Undefined while it has no credential to ask for data with. */
  source(definition: D): string | undefined;
  /** Called when {@link source} says another text for the new definition. */
  succession(old: D, next: D, now: number): Succession;
  /** What it is at its upstream, for data that are kept on disk; undefined: they are on disk anyway, and none are kept. */
  identity(definition: D): string | undefined;
  /** Its keys, where they come from files of the pod and not from upstream. They stay in the process. */
  keysFromFiles(definition: D): readonly string[] | undefined;
}

/** What is different in a list of environments. */
export interface DefinitionChanges<D extends Definition = Definition> {
  /** IDs of those that are gone: their streams close at once, their keys are unknown from now on. */
  readonly removed: readonly string[];
  /** New ones, and those that have changed: in place, without dropping other clients' streams (contract 8.2). */
  readonly changed: readonly D[];
}

/** Brings a list, by ID, up to date. */
export function applyChanges<D extends Definition>(
  list: Map<string, D>,
  { removed, changed }: DefinitionChanges<D>,
): void {
  for (const id of removed) list.delete(id);
  for (const definition of changed) list.set(definition.id, definition);
}

/** The list of environments as its owner sees it now, and as it changes. */
export interface DefinitionSink<D extends Definition = Definition> {
  /** The whole list: what is not in it is removed. */
  replace(definitions: readonly D[]): void;
  /** Only what is different from before, all at once: a key may move from one environment to another. Costs nothing for the others. */
  change(changes: DefinitionChanges<D>): void;
  /** What the owner of the list sent and cannot be used, by ID with the reason, and empty when all is well; said before the list or change that it came with. */
  refused?(entries: ReadonlyMap<string, string>): void;
}

/** Who says which environments there are: configuration files, a stream, an archive. */
export interface DefinitionSource<D extends Definition = Definition> {
  /** Starts delivering; resolves when the first list is in or is known to take a while. Throws StartupError for what must stop the process. */
  start(sink: DefinitionSink<D>): Promise<void>;
  close(): Promise<void>;
}
