import type { EnvironmentConfig } from '../../../../config/document.ts';
import { trySecretFile } from '../../../../config/secrets.ts';

/** A credential of a running environment. Absence is not revocation: a file that is gone changes nothing but what is reported. */
export interface KeyInForce {
  /** What opens the environment; absent when there is none, or none has ever been read. */
  readonly value?: string;
  /** Why its file cannot be read now, in words; absent while it can be, or there is no file. */
  readonly problem?: string;
  /** Since when, ms since the epoch. */
  readonly missingSince?: number;
}

/** One configured environment as this process runs it. */
export interface RunningEnvironment {
  /** Stays the same when the environment is renamed, so that its streams and data do. */
  readonly id: string;
  /** What the document says, with the fields that it cannot change while the environment runs as they were. */
  readonly config: EnvironmentConfig;
  readonly sdkKey: KeyInForce;
  /** The SDK key before a rotation. */
  readonly previous?: string;
  /** The file that it was read from last. That this file is gone ends the key; of one that was never there nobody knows. */
  readonly previousFile?: string;
  /** Since when such a file is waited for, ms since the epoch. */
  readonly previousAwaitedSince?: number;
  readonly mobileKey: KeyInForce;
  /**
   * Not empty: the document does not name the environment any more, but these new ones, whose SDK key is not known yet.
   * One of them may be this one under another name.
   */
  readonly waitsFor: readonly string[];
}

/** What becomes of the environments. */
export interface Succession {
  readonly environments: readonly RunningEnvironment[];
  /** Fields of the document that wait for a restart, such as `environments "a" prefix`. */
  readonly held: readonly string[];
  /** Why the list cannot be taken over at all; then `environments` is not to be used. */
  readonly conflict?: string;
}

/** What {@link succeed} has to know beside the two lists. */
export interface SuccessionOptions {
  /** ms since the epoch */
  readonly now: number;
  /** There is a database, so that an environment's prefix is where its data are. */
  readonly hasStore: boolean;
}

/**
 * Finds for each environment that a document wants the running one that it continues, with the secrets that its files hold
 * now. What is the same environment goes on, whatever it is called: by its name and SDK key, by its SDK key, by its client-side
 * ID or mobile key, by its name. A key whose file is gone stays in force. An environment that the document does not name any
 * more ends, unless a new one waits for its key: then it cannot be told whether the two are one, and it goes on.
 */
export function succeed(
  before: readonly RunningEnvironment[],
  wanted: readonly EnvironmentConfig[],
  { now, hasStore }: SuccessionOptions,
): Succession {
  const found = wanted.map(readKeys);
  const origins = match(before, found);
  const held: string[] = [];
  const ids = new Set(before.map(({ id }) => id));
  const next = found.map((one, index): RunningEnvironment => {
    const origin = origins[index];
    const keepsPlace = hasStore && origin !== undefined && placeOf(origin.config) !== placeOf(one.config);
    if (keepsPlace) held.push(`environments "${one.config.name}" ${movedPart(origin.config, one.config)}`);
    const sdkKey = inForce(one.sdkKey, origin?.sdkKey, now);
    return {
      id: origin?.id ?? freeName(one.config.name, ids),
      config: keepsPlace ? withPlace(one.config, origin.config) : one.config,
      sdkKey,
      ...previousOf(one, sdkKey, origin, now),
      mobileKey: inForce(one.mobileKey, origin?.mobileKey, now),
      waitsFor: [],
    };
  });
  const conflict = hasStore ? samePrefix(next) : undefined;
  const kept = waiting(before, next, origins).filter((one) => !hasStore || !isTaken(one.config, next));
  return { environments: [...next, ...kept], held, ...(conflict === undefined ? {} : { conflict }) };
}

/** True while nobody can say what the SDK key is. */
export function isKeyUnknown({ config, sdkKey }: Pick<RunningEnvironment, 'config' | 'sdkKey'>): boolean {
  return config.sdkKeyFile !== undefined && sdkKey.value === undefined;
}

/** What a secret file says; neither for a secret that is not configured. */
type Reading = { readonly value: string } | { readonly problem: string } | undefined;

/** What a document and its files say of one environment. */
interface Found {
  readonly config: EnvironmentConfig;
  readonly sdkKey: Reading;
  readonly previous: Reading;
  readonly mobileKey: Reading;
}

function readKeys(config: EnvironmentConfig): Found {
  const read = (inline: string | undefined, file: string | undefined): Reading => {
    if (inline !== undefined) return { value: inline };
    return file === undefined ? undefined : trySecretFile(file);
  };
  return {
    config,
    sdkKey: read(config.sdkKey, config.sdkKeyFile),
    previous: read(config.sdkKeyPrevious, config.sdkKeyPreviousFile),
    mobileKey: read(config.mobileKey, config.mobileKeyFile),
  };
}

function inForce(reading: Reading, before: KeyInForce | undefined, now: number): KeyInForce {
  if (reading === undefined) return {};
  if ('value' in reading) return reading;
  const { value, missingSince = now } = before ?? {};
  return { ...(value === undefined ? {} : { value }), problem: reading.problem, missingSince };
}

/**
 * Taking the old key out of a Secret that still holds the new one ends the grace; a Secret that is gone with both ends
 * nothing. Neither does a file in which it was never seen: its reference may be a mistake.
 */
function previousOf(
  { config, previous }: Found,
  sdkKey: KeyInForce,
  origin: RunningEnvironment | undefined,
  now: number,
): Pick<RunningEnvironment, 'previous' | 'previousFile' | 'previousAwaitedSince'> {
  if (previous === undefined) return {};
  const { sdkKeyPreviousFile: file } = config;
  if ('value' in previous) {
    return { previous: previous.value, ...(file === undefined ? {} : { previousFile: file }) };
  }
  const { previous: before, previousFile, previousAwaitedSince = now } = origin ?? {};
  const isKnown = previousFile === file;
  const goesOn = before !== undefined && !(isKnown && sdkKey.problem === undefined);
  return {
    ...(goesOn ? { previous: before } : {}),
    ...(previousFile === undefined ? {} : { previousFile }),
    ...(isKnown ? {} : { previousAwaitedSince }),
  };
}

/** For each wanted environment the running one that it continues. Each is continued by one. */
function match(
  before: readonly RunningEnvironment[],
  wanted: readonly Found[],
): readonly (RunningEnvironment | undefined)[] {
  const free = new Set(before);
  const origins: (RunningEnvironment | undefined)[] = wanted.map(() => undefined);
  for (const { markOf, markOfWanted, fits } of SAMENESS) {
    if (free.size === 0) break;
    const byMark = Map.groupBy(free, markOf);
    for (const [index, found] of wanted.entries()) {
      const mark = markOfWanted(found);
      if (mark === undefined || origins[index] !== undefined) continue;
      const origin = byMark.get(mark)?.find((running) => free.has(running) && fits?.(running, found) !== false);
      if (origin === undefined) continue;
      origins[index] = origin;
      free.delete(origin);
    }
  }
  return origins;
}

/** One way of being the same environment: by a mark that both have. */
interface Sameness {
  readonly markOf: (running: RunningEnvironment) => string | undefined;
  readonly markOfWanted: (found: Found) => string | undefined;
  readonly fits?: (running: RunningEnvironment, found: Found) => boolean;
}

/** A payload filter makes other data of the same credentials. */
const withFilter = (mark: string | undefined, { filterKey = '' }: EnvironmentConfig): string | undefined =>
  mark === undefined ? undefined : `${mark}\n${filterKey}`;

/** The surest first. */
const SAMENESS: readonly Sameness[] = [
  // The same name, and nothing says that the key is another one's.
  {
    markOf: ({ config, sdkKey }) => (sdkKey.value === undefined ? undefined : config.name),
    markOfWanted: ({ config }) => config.name,
    fits: ({ sdkKey: { value } }, { sdkKey, previous }) =>
      readValue(sdkKey) === undefined || value === readValue(sdkKey) || value === readValue(previous),
  },
  {
    markOf: ({ config, sdkKey }) => withFilter(sdkKey.value, config),
    markOfWanted: ({ config, sdkKey }) => withFilter(readValue(sdkKey), config),
  },
  // The client-side ID of an environment never changes, and no other has it; nor has its mobile key.
  {
    markOf: ({ config }) => withFilter(config.envId, config),
    markOfWanted: ({ config }) => withFilter(config.envId, config),
  },
  {
    markOf: ({ config, mobileKey }) => withFilter(mobileKey.value, config),
    markOfWanted: ({ config, mobileKey }) => withFilter(readValue(mobileKey), config),
  },
  { markOf: ({ config }) => config.name, markOfWanted: ({ config }) => config.name },
];

function readValue(reading: Reading): string | undefined {
  return reading !== undefined && 'value' in reading ? reading.value : undefined;
}

/** Those that the document does not name any more and that may be one of the new ones whose key is not known yet. */
function waiting(
  before: readonly RunningEnvironment[],
  next: readonly RunningEnvironment[],
  origins: readonly (RunningEnvironment | undefined)[],
): RunningEnvironment[] {
  const continued = new Set(origins);
  const wanted = new Set(next.map(({ config }) => config.name));
  const named = new Set(wanted);
  const unknown = new Set(next.filter(isKeyUnknown).map(({ config }) => config.name));
  const newlyUnknown = next.filter((one, index) => isKeyUnknown(one) && origins[index] === undefined);
  return before.flatMap((running) => {
    if (continued.has(running) || isKeyUnknown(running)) return [];
    const { waitsFor } = running;
    const isNewlyGone = waitsFor.length === 0;
    const isRenamedAgain = waitsFor.some((name) => !wanted.has(name));
    const now = [
      ...waitsFor.filter((name) => unknown.has(name)),
      ...(isNewlyGone || isRenamedAgain ? newlyUnknown.map(({ config }) => config.name) : []),
    ];
    if (now.length === 0) return [];
    // Another one may have its name by now: names tell environments apart in the status and in metrics.
    return [{ ...running, config: { ...running.config, name: freeName(running.config.name, named) }, waitsFor: now }];
  });
}

/** `name`, or `name~2` and so on where that is taken; it is taken from then on. */
function freeName(name: string, taken: Set<string>): string {
  let free = name;
  for (let copy = 2; taken.has(free); copy++) free = `${name}~${copy}`;
  taken.add(free);
  return free;
}

/** Where in the database an environment is. */
function placeOf({ prefix = '', tableName = '' }: EnvironmentConfig): string {
  return `${tableName}\n${prefix}`;
}

/** Which part of the place differs. */
function movedPart(before: EnvironmentConfig, wanted: EnvironmentConfig): 'prefix' | 'tableName' {
  return (before.prefix ?? '') === (wanted.prefix ?? '') ? 'tableName' : 'prefix';
}

/** The configuration with the place of another. */
export function withPlace(config: EnvironmentConfig, { prefix, tableName }: EnvironmentConfig): EnvironmentConfig {
  const { prefix: _, tableName: __, ...rest } = config;
  return { ...rest, ...(prefix === undefined ? {} : { prefix }), ...(tableName === undefined ? {} : { tableName }) };
}

/** Two environments in one place of the database would overwrite one another. */
function samePrefix(environments: readonly RunningEnvironment[]): string | undefined {
  const owners = new Map<string, string>();
  for (const { config } of environments) {
    const owner = owners.get(placeOf(config));
    if (owner !== undefined) {
      return `environments "${owner}" and "${config.name}" would share the store prefix "${config.prefix ?? ''}" until a restart, as the prefix of a running environment cannot change`;
    }
    owners.set(placeOf(config), config.name);
  }
  return undefined;
}

/** Somebody else whose key is known keeps its data there now. */
function isTaken(config: EnvironmentConfig, next: readonly RunningEnvironment[]): boolean {
  return next.some((one) => !isKeyUnknown(one) && placeOf(one.config) === placeOf(config));
}
