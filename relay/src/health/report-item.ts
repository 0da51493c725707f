import type { InstanceStatus } from '@flagrelay/crds';
import {
  ALL_OTHERS,
  MAX_HELD,
  MAX_MESSAGE_LENGTH,
  MAX_MISSING_FILES,
  MAX_PREVIOUS_KEYS,
  MAX_UNHEALTHY,
} from '@flagrelay/crds/report-limits';
import type { LinkError, LinkState } from '../data/link.ts';
import type { StoreStatus } from '../environment/store.ts';
import type { Absence } from '../files/absences.ts';
import { keyRevision } from './key-revision.ts';

/** How one environment does, for the report. */
export interface EnvironmentFacts {
  readonly name: string;
  /**
   * `CredentialMissing`: a Secret, or the key in it, that the environment names is not there. `DuplicateCredential`: another
   * environment has the same key.
   */
  readonly state: LinkState | 'CredentialMissing' | 'DuplicateCredential';
  /** With `CredentialMissing`: it is connected and serves its SDKs all the same, with the keys that were read before. */
  readonly served?: boolean;
  /** Credentials that this process should have and has never read; not reported. */
  readonly awaited?: readonly string[];
  /** It accepts an SDK key before a rotation. */
  readonly hasPrevious?: boolean;
  /** The file of the SDK key before a rotation, which was never there; since is in ms since the epoch. */
  readonly awaitedPrevious?: { readonly file: string; readonly since: number };
  /** ms since the epoch */
  readonly since: number;
  readonly lastError?: Omit<LinkError, 'kind'> & { readonly kind: LinkError['kind'] | 'DUPLICATE_CREDENTIAL' };
  /** Of the persistent store; absent without one. */
  readonly storeState?: StoreStatus['state'];
}

/** What the pod knows of itself at one moment. */
export interface InstanceFacts {
  readonly ready: boolean;
  /** Open SDK streams. */
  readonly connections: number;
  /** How many environments `/status` calls connected. */
  readonly connectedEnvironments: number;
  readonly environments: readonly EnvironmentFacts[];
  /** Hash of the configuration document that is in force. */
  readonly configHash?: string;
  /** Daemon mode: whether this pod is the one that fills the store; absent otherwise. */
  readonly active?: boolean;
  /** When a changed SDK key or mobile key was last applied from its file, ms since the epoch. */
  readonly credentialsRotatedAt?: number | undefined;
  /** Inputs whose files are not there or cannot be read now; what was read before stays in force. */
  readonly absences?: readonly Absence[];
  /** Parts of the configuration document that wait for a restart. */
  readonly held?: readonly string[];
  /** Digest of the keys that come from files; it never leaves the pod. */
  readonly credentialsDigest?: string;
}

/** Who the pod is: the downward API's variables and the program's version. */
export interface InstanceIdentity {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly zone: string;
  readonly version: string;
  /** Name of its RelayProxy. */
  readonly relayProxy: string;
}

/** What the API has of one pod, but for the times at which the item is written. */
type Written = Omit<InstanceStatus, 'lastReportTime' | 'polledTime'>;

/** Fields of it that every pod fills in. */
type Always =
  | 'uid'
  | 'zone'
  | 'version'
  | 'ready'
  | 'connections'
  | 'connectedEnvironments'
  | 'totalEnvironments'
  | 'unhealthy';

type Filled = { readonly [Field in Always]: NonNullable<Written[Field]> };

/** One item of `status.instances`, but for `lastReportTime`: what the CRD's schema does not take does not compile. */
export interface ReportItem extends Readonly<Omit<Written, Always>>, Filled {
  /** Only towards those who ask: why the pod cannot write this item into the cluster. */
  readonly reportProblem?: ReportProblem;
}

/** Why a report could not be written. */
export type ReportProblem = 'TokenRefused' | 'Forbidden' | 'NotFound' | 'Invalid' | 'Unreachable' | 'Failed';

type MissingInput = NonNullable<Written['missingInputs']>[number];
type UnhealthyEnvironment = NonNullable<Written['unhealthy']>[number];

/** From this number of unhealthy environments on, those in the most frequent state share one item where that is shorter. */
const FOLD_FROM = 5;

/**
 * Builds the pod's item, after the one that was reported last: sparse (only environments that are not VALID, or whose store
 * is not), in a stable order, within the API's bounds. When upstream is lost for a hundred environments, they are one item
 * and not a hundred: every pod writes its item into the same object.
 */
export function reportItem(identity: InstanceIdentity, facts: InstanceFacts, before?: ReportItem): ReportItem {
  const unhealthy = fold(facts.environments)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .slice(0, MAX_UNHEALTHY)
    .map(unhealthyEnvironment);
  const { name, uid, zone, version } = identity;
  const { held = [] } = facts;
  const previous = facts.environments.flatMap((one) => (one.hasPrevious === true ? [one.name] : []));
  const missing = [...(facts.absences ?? []).map(missingInput), ...awaitedPreviousKeys(facts.environments)];
  return {
    name,
    uid,
    zone,
    version,
    ready: facts.ready,
    connections: steadyCount(before?.connections, facts.connections),
    connectedEnvironments: facts.connectedEnvironments,
    totalEnvironments: facts.environments.length,
    ...(facts.configHash === undefined ? {} : { configHash: facts.configHash }),
    ...(facts.active === undefined ? {} : { active: facts.active }),
    ...(facts.credentialsRotatedAt === undefined ? {} : { credentialsRotatedTime: time(facts.credentialsRotatedAt) }),
    ...(missing.length === 0 ? {} : { missingInputs: missing }),
    ...(previous.length === 0 ? {} : { previousKeys: previous.sort().slice(0, MAX_PREVIOUS_KEYS) }),
    ...(held.length === 0 ? {} : { heldConfig: held.slice(0, MAX_HELD).map(shorten) }),
    ...(facts.credentialsDigest === undefined
      ? {}
      : { keyRevision: keyRevision(`${identity.namespace}/${identity.relayProxy}`, facts.credentialsDigest) }),
    unhealthy,
  };
}

/** The keys before a rotation that were never there: nothing is wrong if the rotation is over, and all if they have a mistake. */
function awaitedPreviousKeys(environments: readonly EnvironmentFacts[]): MissingInput[] {
  const awaited = environments.flatMap(({ awaitedPrevious }) => awaitedPrevious ?? []);
  if (awaited.length === 0) return [];
  const files = [...new Set(awaited.map(({ file }) => file))].slice(0, MAX_MISSING_FILES);
  return [{ name: 'previousKeys', since: time(Math.min(...awaited.map(({ since }) => since))), files }];
}

function missingInput({ input, since, files = [] }: Absence): MissingInput {
  return {
    name: input,
    since: time(since),
    ...(files.length === 0 ? {} : { files: files.slice(0, MAX_MISSING_FILES) }),
  };
}

/** The environments to list: the unhealthy ones, or {@link ALL_OTHERS} and those that differ from it. */
function fold(all: readonly EnvironmentFacts[]): EnvironmentFacts[] {
  const unhealthy = all.filter(({ state, storeState = 'VALID' }) => state !== 'VALID' || storeState !== 'VALID');
  if (unhealthy.length < FOLD_FROM) return unhealthy;
  const groups = Map.groupBy(unhealthy, ({ state, served, storeState }) => `${state} ${served} ${storeState}`);
  const [largest = []] = [...groups.values()].sort((a, b) => b.length - a.length);
  const inGroup = new Set(largest);
  const others = all.filter((one) => !inGroup.has(one));
  const [newest] = [...largest].sort((a, b) => b.since - a.since);
  if (newest === undefined || others.length + 1 >= unhealthy.length) return unhealthy;
  return [...others, { ...newest, name: ALL_OTHERS }];
}

/** Share by which the number of connections may change before it is reported again. */
const STEADY = 0.05;

/**
 * The number to report: the one that was reported last while it is about right, so that a number that swings a little is no
 * write, and else the new one, rounded.
 */
export function steadyCount(before: number | undefined, count: number): number {
  if (before !== undefined && Math.abs(count - before) <= STEADY * before) return before;
  return twoSignificantDigits(count);
}

/** 1234 → 1200: the status says how busy a pod is and does not change with each client. */
export function twoSignificantDigits(count: number): number {
  return count < 100 ? count : Number(count.toPrecision(2));
}

function unhealthyEnvironment(environment: EnvironmentFacts): UnhealthyEnvironment {
  const { name, state, served, since, lastError, storeState } = environment;
  return {
    name,
    state,
    ...(served === undefined ? {} : { served }),
    lastTransitionTime: time(since),
    ...(lastError === undefined
      ? {}
      : { lastError: { kind: lastError.kind, time: time(lastError.time), message: shorten(lastError.message) } }),
    ...(storeState === undefined ? {} : { storeState }),
  };
}

/** RFC 3339 in whole seconds, as the API server writes times. */
export function time(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

function shorten(message: string): string {
  return message.length <= MAX_MESSAGE_LENGTH ? message : `${message.slice(0, MAX_MESSAGE_LENGTH - 1).toWellFormed()}…`;
}
