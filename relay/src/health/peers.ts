import type { EnvironmentFacts } from './report-item.ts';

/** An environment of this pod, and the credentials of it that the pod should have and has never read. */
export interface AwaitedEnvironment {
  readonly name: string;
  readonly credentials: readonly string[];
}

/** What this pod has been given. */
export interface OwnEnvironments {
  /** Names of all its environments; each payload filter of one is listed by itself. */
  readonly names: readonly string[];
  /** Those of them that wait for a credential. */
  readonly awaited: readonly AwaitedEnvironment[];
}

/** Who serves what this pod has no key of. */
export interface Served {
  /** Pods of other templates that serve it. */
  readonly pods: number;
  /**
   * `same`: with the key that this pod lacks. `previous`: they accept an SDK key before a rotation, which this pod lacks. `renamed`: they have no
   * environment of that name, and one that this pod has not: it may be the same one.
   */
  readonly as: 'same' | 'previous' | 'renamed';
}

/** The part of a RelayProxy's status that tells who serves what; nothing in it is taken for granted. */
export interface FleetStatus {
  readonly environments?: readonly { readonly name?: string; readonly connectedInstances?: number }[] | undefined;
  readonly instances?: readonly PeerItem[] | undefined;
}

/** What a pod reported of itself, as far as it matters here. */
interface PeerItem {
  readonly name?: string;
  readonly ready?: boolean;
  readonly totalEnvironments?: number;
  readonly previousKeys?: readonly string[];
  readonly unhealthy?: readonly PeerEnvironment[];
}

interface PeerEnvironment {
  readonly name?: string;
  readonly state?: string;
  readonly served?: boolean;
}

/** What a pod says of all environments that it does not name. */
const ALL_OTHERS = '*';

/** What a pod has been given, from what is known of its environments. */
export function ownEnvironments(
  environments: readonly Pick<EnvironmentFacts, 'name' | 'awaited' | 'awaitedPrevious'>[],
): OwnEnvironments {
  return {
    names: environments.map(({ name }) => name),
    awaited: environments.flatMap(({ name, awaited = [], awaitedPrevious }) => {
      const credentials = awaitedPrevious === undefined ? awaited : [...awaited, 'previous' as const];
      return credentials.length === 0 ? [] : [{ name, credentials }];
    }),
  };
}

/**
 * How many pods of other templates serve each of the environments whose credentials this pod awaits, by name; without those that
 * nobody serves.
 *
 * Pods of this pod's own template are not counted: they were given the same Secrets. What must not happen is that pods which
 * have a key make way for pods which have not, and that is a rollout. A pod that replaces another of its own template, or is
 * one more of them, takes nothing away, and the other environments need it.
 *
 * Environments are known by name. One of a name that no other pod has may be a new one, or one of theirs that was renamed in the same edit: where
 * they serve more of them than this pod can account for, nobody can tell, and it counts as theirs.
 * @param self name of this pod
 */
export function servedByOthers(status: FleetStatus, self: string, own: OwnEnvironments): ReadonlyMap<string, Served> {
  const template = templateOf(self);
  const all = status.instances ?? [];
  const peers = all.filter(({ name, ready }) => ready === true && templateOf(name ?? '') !== template);
  const siblings = all.filter(({ name }) => templateOf(name ?? '') === template);
  const connected = connectedElsewhere(status, siblings);
  const held = own.awaited.flatMap((environment): (readonly [string, Served])[] => {
    const { name } = environment;
    const isKnown = connected.has(name);
    const pods = peers.filter((peer) => serves(peer, environment, isKnown)).length;
    if (pods > 0) return [[name, { pods, as: 'same' }]];
    const accepting = peers.filter((peer) => acceptsPrevious(peer, environment)).length;
    if (accepting > 0) return [[name, { pods: accepting, as: 'previous' }]];
    // Of one that lacks nothing but a key before a rotation nobody else may have had that.
    if (!environment.credentials.some((one) => one !== 'previous')) return [];
    if (isKnown || peers.some((peer) => hasWithoutServing(peer, name))) return [];
    const accounted = accountedFor(environment, own, connected);
    const others = peers.filter((peer) => servedCount(peer) > accounted).length;
    return others > 0 ? [[name, { pods: others, as: 'renamed' }]] : [];
  });
  return new Map(held);
}

/**
 * How many of its peers' environments a pod goes on with, as far as it can tell, beside one whose name is new. With an SDK key any
 * of its environments may be one of theirs; of one that lacks only its mobile key, that itself may be one that was renamed.
 */
function accountedFor(
  { credentials }: AwaitedEnvironment,
  own: OwnEnvironments,
  connected: ReadonlySet<string>,
): number {
  if (!credentials.includes('sdk')) return own.names.filter((name) => connected.has(name)).length;
  return own.names.length - own.awaited.filter((one) => one.credentials.includes('sdk')).length;
}

/** Names of the environments for which pods of other templates are connected, as the operator counts. */
function connectedElsewhere({ environments = [] }: FleetStatus, siblings: readonly PeerItem[]): ReadonlySet<string> {
  const names = environments.flatMap(({ name, connectedInstances = 0 }) => {
    if (name === undefined) return [];
    // A pod that awaits a mobile key is connected with its SDK key, and counted.
    const own = siblings.filter((sibling) => isServed(saysOf(sibling, name))).length;
    return connectedInstances > own ? [name] : [];
  });
  return new Set(names);
}

/**
 * What a Deployment's controller names a pod after: its ReplicaSet, so that pods with the same words before the last dash are of
 * one template.
 */
function templateOf(pod: string): string {
  return pod.slice(0, Math.max(0, pod.lastIndexOf('-')));
}

/** @param isKnown the operator counts pods that serve it, so that a pod which does not mention it is well, and not without it */
function serves(peer: PeerItem, { name, credentials }: AwaitedEnvironment, isKnown: boolean): boolean {
  if (!credentials.some((one) => one !== 'previous')) return false;
  const named = (peer.unhealthy ?? []).find((item) => item.name === name);
  const { state = 'VALID', served } = named ?? saysOf(peer, name) ?? {};
  if (state === 'CredentialMissing') {
    // It serves with keys that it read before. Of mobile keys that cannot be told: it may never have had one, as this pod.
    return served === true && credentials.includes('sdk') && (isKnown || named !== undefined);
  }
  // With upstream away for long nobody is connected; the last good data are served, by who names the environment.
  return state === 'VALID' ? isKnown : state === 'INTERRUPTED' && (isKnown || named !== undefined);
}

/** True when a pod has an environment of this name, or may have: it would be among those that it has and does not serve. */
function hasWithoutServing({ unhealthy = [] }: PeerItem, name: string): boolean {
  return unhealthy.some((item) => item.name === name || (item.name === ALL_OTHERS && !isServed(item)));
}

function acceptsPrevious({ previousKeys = [] }: PeerItem, { name, credentials }: AwaitedEnvironment): boolean {
  return credentials.includes('previous') && previousKeys.includes(name);
}

/** What a pod says of an environment: by its name, or by what it says of all that it does not name. */
function saysOf({ unhealthy = [] }: PeerItem, name: string): PeerEnvironment | undefined {
  return unhealthy.find((item) => item.name === name) ?? unhealthy.find((item) => item.name === ALL_OTHERS);
}

/** Of how many environments a pod serves data. */
function servedCount({ totalEnvironments = 0, unhealthy = [] }: PeerItem): number {
  const named = unhealthy.filter(({ name }) => name !== ALL_OTHERS);
  const unserved = named.filter((item) => !isServed(item)).length;
  const others = unhealthy.find(({ name }) => name === ALL_OTHERS);
  return (isServed(others) ? totalEnvironments : named.length) - unserved;
}

/** An environment that a pod does not mention is well. */
function isServed({ state = 'VALID', served }: PeerEnvironment = {}): boolean {
  return state === 'VALID' || state === 'INTERRUPTED' || (state === 'CredentialMissing' && served === true);
}
