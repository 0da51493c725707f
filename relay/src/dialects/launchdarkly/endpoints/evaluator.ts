import type { DataSet } from '../../../data/data.ts';
import type { CredentialDigest } from '../../../environment/definition.ts';
import {
  type ChangeStreams,
  type Evaluation,
  EvaluationError,
  type EvaluationReason,
  type EvaluationSession,
  type Evaluations,
  type Evaluator,
} from '../../../environment/evaluator.ts';
import type { NotFound, Registry } from '../../../environment/registry.ts';
import type { Json, JsonObject } from '../../../json/json.ts';
import type { Audience, CompiledData, EvaluateOptions, FlagResult } from '../evaluation/compiled.ts';
import { TooCostlyError } from '../evaluation/pattern.ts';
import { BusyError, inTurns, LARGE_CONTEXT_CHARS } from '../evaluation/turns.ts';
import { type Context, ContextError, contextFrom } from '../model/context.ts';
import { scopeOf } from '../model/credentials.ts';
import type { EnvironmentDefinition } from '../model/definition.ts';
import type { LaunchDarkly, LaunchDarklyEnvironment } from '../outlet/outlet.ts';
import { environmentIdHeader } from './cors.ts';
import { bigSegmentsFor } from './evalx.ts';
import { fingerprintOf, stateOf } from './fdv2/fingerprint.ts';
import { secureHashMatches } from './secure-mode.ts';

/** What each kind of key may see. */
const AUDIENCES = { sdk: 'server', mobile: 'mobile', env: 'browser' } as const;
const SCOPES = ['sdk', 'mobile', 'env'] as const;

/** LaunchDarkly's flags for clients of no dialect: an SDK key sees all flags, a mobile key or client-side ID those for its kind of client. */
export function createEvaluations(registry: Registry<LaunchDarkly>): Evaluations {
  return {
    open(credential, variant) {
      const { lookup, scope } = registry.lookupAny(SCOPES, credential, variant);
      if (!lookup.found) return lookup;
      return sessionOf(lookup.environment, AUDIENCES[scope ?? 'env'], lookup.credential);
    },
    openAt(address, variant) {
      const lookup = registry.lookupDigest(digestAt(address), variant);
      if (!lookup.found) return lookup;
      const { environment, credential } = lookup;
      const scope = scopeOf(environment.definition, credential, Date.now());
      return scope === undefined ? UNKNOWN : sessionOf(environment, AUDIENCES[scope], credential);
    },
    *allowedHeaders() {
      for (const { definition } of registry.environments()) yield* definition.allowedHeaders;
    },
  };
}

const UNKNOWN: NotFound = { found: false, reason: 'unknown' };

/** Digests are of keys that cannot be guessed, and in base64; in a URL they are in its variant for URLs. */
const addressOf = (digest: CredentialDigest): string =>
  digest.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
const digestAt = (address: string): CredentialDigest => `${address.replaceAll('-', '+').replaceAll('_', '/')}=`;

/** The streams of each environment, made for the first client that asks. */
const changeStreams = new WeakMap<LaunchDarklyEnvironment, ChangeStreams>();

function changesOf(environment: LaunchDarklyEnvironment): ChangeStreams {
  let changes = changeStreams.get(environment);
  if (changes === undefined) {
    const { outlet } = environment;
    changes = {
      channel: outlet.changes,
      version: async () => {
        const data = await environment.read();
        return data === undefined ? undefined : versionOf(data.data);
      },
      watch(listener) {
        outlet.watch((change) => {
          // What the store could not take is not what is evaluated.
          if ('data' in change) listener(() => versionOf(change.data));
        });
        outlet.watchMemberships(() => listener(undefined));
      },
    };
    changeStreams.set(environment, changes);
  }
  return changes;
}

const versions = new WeakMap<DataSet, string>();

/** Data sets are never changed, but replaced. */
function versionOf(data: DataSet): string {
  let version = versions.get(data);
  if (version === undefined) {
    version = stateOf(fingerprintOf(data));
    versions.set(data, version);
  }
  return version;
}

function sessionOf(
  environment: LaunchDarklyEnvironment,
  audience: Audience,
  credential: CredentialDigest,
): EvaluationSession {
  const { definition, logger } = environment;
  return {
    logger,
    client: { credential, platform: audience },
    // Few requests ask for it.
    get address() {
      return addressOf(credential);
    },
    changes: changesOf(environment),
    headers: environmentIdHeader(environment),
    owner: environment,
    isPublic: audience !== 'server',
    cors: definition,
    async evaluator(members, chars, proof) {
      const context = contextOf(members);
      if (audience === 'browser') checkSecureMode(definition, context, proof);
      const data = await environment.read();
      if (data === undefined) throw new EvaluationError('no-data', 'the environment has no data yet');
      const bigSegments = await bigSegmentsFor(environment, data, context);
      const options = { audience, withReasons: true, ...(bigSegments === undefined ? {} : { bigSegments }) };
      return evaluatorOf(environment, data, context, options, chars);
    },
  };
}

function checkSecureMode(definition: EnvironmentDefinition, context: Context, proof: string): void {
  if (!definition.secureMode || secureHashMatches(definition, context, proof)) return;
  throw new EvaluationError('forbidden', 'the environment is in secure mode and the hash in "h" does not match');
}

function evaluatorOf(
  environment: LaunchDarklyEnvironment,
  data: CompiledData,
  context: Context,
  options: EvaluateOptions,
  chars: number,
): Evaluator {
  return {
    one: (key) =>
      told(() => {
        const result = data.evaluate(key, context, options);
        return result === undefined ? undefined : evaluationOf(result);
      }),
    each(visit, wanted) {
      const take = (key: string, result: FlagResult): void => visit(key, evaluationOf(result));
      if (chars <= LARGE_CONTEXT_CHARS) {
        told(() => data.evaluateEach(context, options, take));
        return undefined;
      }
      const begin = () => data.evaluateEachInSteps(context, options, take);
      return inTurns(environment, chars, begin, wanted).then(
        () => undefined,
        (error: unknown) => {
          throw refusalOf(error);
        },
      );
    },
  };
}

function told<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw refusalOf(error);
  }
}

/** An evaluation that would cost the others too much, in the words of the port; any other error as it is. */
function refusalOf(error: unknown): unknown {
  if (error instanceof TooCostlyError) return new EvaluationError('too-costly', error.message, { cause: error });
  if (error instanceof BusyError) return new EvaluationError('busy', error.message, { cause: error });
  return error;
}

/**
 * `targetingKey` is the key, `kind` the kind (`user` without one), everything else an attribute. With `kind: "multi"` each other
 * member is a context of its own.
 */
function contextOf(members: JsonObject): Context {
  try {
    const document = toLaunchDarkly(members);
    return contextFrom(document, () => JSON.stringify(document));
  } catch (error) {
    if (error instanceof ContextError) throw new EvaluationError('context', error.message, { cause: error });
    if (error instanceof RangeError) throw new EvaluationError('context', 'the context is nested too deeply');
    throw error;
  }
}

function toLaunchDarkly(context: JsonObject): JsonObject {
  if (context.kind !== 'multi') return keyed(context, 'user');
  const { targetingKey: _, ...members } = context;
  const multi = emptyMembers();
  for (const [kind, member] of Object.entries(members)) multi[kind] = isObject(member) ? keyed(member) : member;
  return multi;
}

/** With `targetingKey`, or else `key`, as the key; and with a kind where it has none and one is given. */
function keyed(context: JsonObject, kind?: string): JsonObject {
  const key = context.targetingKey ?? context.key;
  if (typeof key !== 'string' || key === '') {
    throw new EvaluationError('key', '"targetingKey" must be a string that is not empty');
  }
  const result = emptyMembers();
  if (kind !== undefined) result.kind = kind;
  // One pass: a copy of an object with very many names takes its time.
  for (const name of Object.keys(context)) if (name !== 'targetingKey') result[name] = context[name] as Json;
  result.key = key;
  return result;
}

/** Names come from the request: they must not meet the members that every object has. */
function emptyMembers(): JsonObject {
  return Object.create(null) as JsonObject;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function evaluationOf({ valueJson, variation, version, reason, rollout }: FlagResult): Evaluation {
  if (reason.kind === 'ERROR') return { failure: failureOf(reason.errorKind) };
  const isSet = variation !== null && valueJson !== 'null';
  return {
    valueJson: isSet ? valueJson : undefined,
    variant: variation === null ? undefined : String(variation),
    reason: reasonOf(reason.kind, rollout),
    version,
  };
}

function reasonOf(kind: FlagResult['reason']['kind'], rollout: boolean): EvaluationReason {
  switch (kind) {
    case 'OFF':
    case 'PREREQUISITE_FAILED':
      return 'DISABLED';
    case 'FALLTHROUGH':
      return rollout ? 'SPLIT' : 'STATIC';
    case 'RULE_MATCH':
      return rollout ? 'SPLIT' : 'TARGETING_MATCH';
    case 'TARGET_MATCH':
      return 'TARGETING_MATCH';
    default:
      return 'UNKNOWN';
  }
}

function failureOf(errorKind: string | undefined): 'flag' | 'key' | 'other' {
  if (errorKind === 'MALFORMED_FLAG') return 'flag';
  return errorKind === 'USER_NOT_SPECIFIED' ? 'key' : 'other';
}
