import type { Json, JsonObject } from '../../../json/json.ts';
import { type Clause, readClauses } from './clause.ts';
import type { ItemReader } from './item-reader.ts';

/** A flag that must have a certain variation before this one is looked at. */
export interface Prerequisite {
  readonly key: string;
  readonly variation: number;
}

/** Context keys that get one variation. */
export interface Target {
  /** `''` when absent. */
  readonly contextKind: string;
  readonly values: readonly string[];
  readonly variation: number;
}

/** One slice of a rollout. */
export interface WeightedVariation {
  readonly variation: number;
  /** In 1/100000. */
  readonly weight: number;
  readonly untracked: boolean;
}

/** A percentage rollout or experiment (contract 12.5). */
export interface Rollout {
  readonly experiment: boolean;
  /** `''` = user. */
  readonly contextKind: string;
  readonly variations: readonly WeightedVariation[];
  /** `''` = the key. */
  readonly bucketBy: string;
  readonly seed: number | undefined;
}

/** What a rule or the fallthrough serves: a fixed variation wins over a rollout; with neither the flag is malformed. */
export interface VariationOrRollout {
  readonly variation: number | undefined;
  readonly rollout: Rollout | undefined;
}

/** A targeting rule. */
export interface Rule {
  readonly id: string;
  readonly clauses: readonly Clause[];
  readonly serve: VariationOrRollout;
  readonly trackEvents: boolean;
}

/** A flag as evaluation needs it (contract 12.1). The variations stay in the item's JSON text. */
export interface Flag {
  /** The item's own `key` member: it names the flag on the wire and takes part in bucketing. */
  readonly key: string;
  readonly version: number;
  readonly deleted: boolean;
  readonly on: boolean;
  readonly salt: string;
  readonly prerequisites: readonly Prerequisite[];
  readonly targets: readonly Target[];
  readonly contextTargets: readonly Target[];
  readonly rules: readonly Rule[];
  readonly fallthrough: VariationOrRollout;
  readonly offVariation: number | undefined;
  readonly variationCount: number;
  readonly usingMobileKey: boolean;
  readonly usingEnvironmentId: boolean;
  readonly trackEvents: boolean;
  readonly trackEventsFallthrough: boolean;
  /** ms since the epoch; 0 = not set */
  readonly debugEventsUntilDate: number;
  readonly samplingRatio: number | undefined;
}

function readTargets(reader: ItemReader, flag: JsonObject, name: string): readonly Target[] {
  return reader.list(flag, name, (target) => ({
    contextKind: reader.string(target, 'contextKind'),
    values: reader.strings(target, 'values'),
    variation: reader.integer(target, 'variation'),
  }));
}

function readRollout(reader: ItemReader, parent: JsonObject): Rollout | undefined {
  const rollout = reader.objectOrNull(parent, 'rollout');
  if (rollout === undefined) return undefined;
  return reader.within('rollout', () => ({
    experiment: reader.string(rollout, 'kind') === 'experiment',
    contextKind: reader.string(rollout, 'contextKind'),
    variations: reader.list(
      rollout,
      'variations',
      (entry) => ({
        variation: reader.integer(entry, 'variation'),
        weight: reader.integer(entry, 'weight'),
        untracked: reader.boolean(entry, 'untracked'),
      }),
      true,
    ),
    bucketBy: reader.stringOrNull(rollout, 'bucketBy'),
    seed: reader.integerOrNull(rollout, 'seed'),
  }));
}

function readServe(reader: ItemReader, parent: JsonObject): VariationOrRollout {
  return { variation: reader.integerOrNull(parent, 'variation'), rollout: readRollout(reader, parent) };
}

function readRule(reader: ItemReader, rule: JsonObject): Rule {
  return {
    id: reader.string(rule, 'id'),
    clauses: readClauses(reader, rule),
    serve: readServe(reader, rule),
    trackEvents: reader.boolean(rule, 'trackEvents'),
  };
}

/** Old-schema flags have no `clientSideAvailability`: mobile may see them, browsers when `clientSide` says so (contract 1.5). */
function readAvailability(reader: ItemReader, flag: JsonObject): Pick<Flag, 'usingMobileKey' | 'usingEnvironmentId'> {
  const clientSide = reader.boolean(flag, 'clientSide');
  const explicit = reader.objectOrNull(flag, 'clientSideAvailability');
  if (explicit === undefined) return { usingMobileKey: true, usingEnvironmentId: clientSide };
  return reader.within('clientSideAvailability', () => ({
    usingMobileKey: reader.boolean(explicit, 'usingMobileKey'),
    usingEnvironmentId: reader.boolean(explicit, 'usingEnvironmentId'),
  }));
}

/** Members that play no part in evaluation but whose type ld-relay checks all the same. */
function checkUnused(reader: ItemReader, flag: JsonObject): void {
  reader.boolean(flag, 'excludeFromSummaries');
  const migration = reader.objectOrNull(flag, 'migration');
  if (migration !== undefined) reader.within('migration', () => reader.integer(migration, 'checkRatio'));
}

/** Reads a flag from its parsed JSON. Throws DataError. */
export function readFlag(reader: ItemReader, value: Json): Flag {
  const flag = reader.root(value);
  checkUnused(reader, flag);
  const fallthrough = reader.object(flag, 'fallthrough');
  return {
    key: reader.string(flag, 'key'),
    version: reader.version(flag, 'version'),
    deleted: reader.boolean(flag, 'deleted'),
    on: reader.boolean(flag, 'on'),
    salt: reader.string(flag, 'salt'),
    prerequisites: reader.list(flag, 'prerequisites', (prerequisite) => ({
      key: reader.string(prerequisite, 'key'),
      variation: reader.integer(prerequisite, 'variation'),
    })),
    targets: readTargets(reader, flag, 'targets'),
    contextTargets: readTargets(reader, flag, 'contextTargets'),
    rules: reader.list(flag, 'rules', (rule) => readRule(reader, rule)),
    fallthrough:
      fallthrough === undefined
        ? { variation: undefined, rollout: undefined }
        : reader.within('fallthrough', () => readServe(reader, fallthrough)),
    offVariation: reader.integerOrNull(flag, 'offVariation'),
    variationCount: reader.values(flag, 'variations').length,
    ...readAvailability(reader, flag),
    trackEvents: reader.boolean(flag, 'trackEvents'),
    trackEventsFallthrough: reader.boolean(flag, 'trackEventsFallthrough'),
    debugEventsUntilDate: reader.integerOrNull(flag, 'debugEventsUntilDate') ?? 0,
    samplingRatio: flag.samplingRatio === undefined ? undefined : reader.integer(flag, 'samplingRatio'),
  };
}
