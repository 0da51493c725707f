import type { EnvironmentFacts } from './report-item.ts';

/** An environment of this pod, and the credentials of it that the pod should have and has never read. */
export interface AwaitedEnvironment {
  readonly name: string;
  readonly credentials: readonly string[];
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
  readonly unhealthy?: readonly { readonly name?: string; readonly state?: string; readonly served?: boolean }[];
}

/** What a pod says of all environments that it does not name. */
const ALL_OTHERS = '*';

/** The environments that wait for a credential; each payload filter of one is listed by itself. */
export function awaitedOf(environments: readonly Pick<EnvironmentFacts, 'name' | 'awaited'>[]): AwaitedEnvironment[] {
  return environments.flatMap(({ name, awaited }) => (awaited === undefined ? [] : [{ name, credentials: awaited }]));
}

/**
 * How many pods of other templates serve each of these environments, by name; without those that nobody serves.
 *
 * Pods of this pod's own template are not counted: they were given the same Secrets. What must not happen is that pods which
 * have a key make way for pods which have not, and that is a rollout. A pod that replaces another of its own template, or is
 * one more of them, takes nothing away, and the other environments need it.
 * @param self name of this pod
 */
export function servedByOthers(
  status: FleetStatus,
  self: string,
  awaited: readonly AwaitedEnvironment[],
): ReadonlyMap<string, number> {
  const own = templateOf(self);
  const peers = (status.instances ?? []).filter(({ name, ready }) => ready === true && templateOf(name ?? '') !== own);
  const connected = new Set(
    (status.environments ?? []).flatMap(({ name, connectedInstances = 0 }) => (connectedInstances > 0 ? [name] : [])),
  );
  const counts = awaited.map((environment) => {
    const isKnown = connected.has(environment.name);
    const serving = peers.filter((peer) => serves(peer, environment, isKnown)).length;
    return [environment.name, serving] as const;
  });
  return new Map(counts.filter(([, count]) => count > 0));
}

/**
 * What a Deployment's controller names a pod after: its ReplicaSet, so that pods with the same words before the last dash are of
 * one template.
 */
function templateOf(pod: string): string {
  return pod.slice(0, Math.max(0, pod.lastIndexOf('-')));
}

/** @param isKnown the operator counts pods that serve it, so that a pod which says nothing of it is well, and not without it */
function serves(peer: PeerItem, { name, credentials }: AwaitedEnvironment, isKnown: boolean): boolean {
  const { unhealthy = [] } = peer;
  const named = unhealthy.find((item) => item.name === name);
  const { state = 'VALID', served } = named ?? unhealthy.find((item) => item.name === ALL_OTHERS) ?? {};
  if (state === 'CredentialMissing') {
    // It serves with keys that it read before. Of mobile keys that cannot be told: it may never have had one, as this pod.
    return served === true && credentials.includes('sdk') && (isKnown || named !== undefined);
  }
  // With upstream away for long nobody is connected; the last good data are served, by who names the environment.
  return state === 'VALID' ? isKnown : state === 'INTERRUPTED' && (isKnown || named !== undefined);
}
