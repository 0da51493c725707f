import type { EnvironmentState, EnvironmentStatus, InstanceStatus, StoreState } from '@flagrelay/crds';
import { allOthers } from '@flagrelay/crds';
import { ENVIRONMENT_STATES, STORE_STATES } from '@flagrelay/crds/severities';
import { type PodDocument, sourceOf } from '../pods/pod-document.ts';
import { earliest, fromTime, toTime } from '../resources/times.ts';
import { type Awaiting, awaitingActive, reportersOf } from './reporters.ts';
import type { Snapshot } from './snapshot.ts';

/** The API refuses longer lists. */
const MAX_ENVIRONMENTS = 100;

/** One environment over all pods. */
export interface Aggregate {
  readonly status: EnvironmentStatus;
  /** True when some ready pod is connected for it, or was so recently enough. */
  readonly connected: boolean;
  /** True when no ready pod was made for it yet: the pods that are ready have a configuration without it. */
  readonly awaitsPods: boolean;
  /** True when only pods that are not ready have it, and others serve on with a configuration without it. */
  readonly heldBack: boolean;
  /** When, in ms since the epoch, `connected` or the state changes even if nothing else does. */
  readonly changesAt: number | undefined;
}

/** All environments over all pods. */
export interface Environments {
  readonly list: readonly Aggregate[];
  /** How many there are, those included that nobody but the pods knows (AutoConfig, archives). */
  readonly total: number;
  readonly connected: number;
  /** Pods report, and none was made for the source of environments (AutoConfig, an archive) that the spec names. */
  readonly awaitsPods: boolean;
  /** Mode 'Daemon': no pod is active. */
  readonly awaiting: Awaiting | undefined;
}

/** One environment as one pod sees it. */
interface View {
  readonly state: EnvironmentState;
  /** ms since the epoch */
  readonly since: number | undefined;
  readonly connected: boolean;
  readonly lastError: EnvironmentStatus['lastError'];
  readonly storeState: StoreState | undefined;
}

/** States that waiting does not fix: a new pod in one of them does not become ready by itself. */
const keyless: ReadonlySet<EnvironmentState> = new Set(['OFF', 'DuplicateCredential', 'CredentialMissing']);

/**
 * Puts the pods' reports together. With AutoConfig and archives only environments that some pod reports are listed. While pods
 * with different configurations run, each is heard of those environments alone that its own configuration has.
 */
export function aggregate(snapshot: Snapshot): Environments {
  const configured = snapshot.relayProxy.spec.environments;
  const awaiting = awaitingActive(snapshot);
  const all = reportersOf(snapshot);
  const source = sourceOf(snapshot.relayProxy.spec);
  const reporters = all.filter((item) => (documentFor(snapshot, item)?.source ?? source) === source);
  const awaitsPods = all.length > 0 && reporters.length === 0;
  const names = configured?.map(({ name }) => name) ?? reportedNames(reporters);
  const list = names
    .slice(0, MAX_ENVIRONMENTS)
    .map((name) => (awaiting === undefined ? aggregateOne(snapshot, all, name) : keptFrom(snapshot, name)));
  const total = configured?.length ?? Math.max(0, ...reporters.map((item) => item.totalEnvironments ?? 0));
  const named = list.filter(({ status }) => status.name !== allOthers);
  const connected = named.filter((item) => item.connected).length;
  if (configured) return { list, total, connected, awaitsPods: false, awaiting };
  // Environments that nobody names are as well as those for which the pods have one item, or simply well.
  const othersConnected = list.find(({ status }) => status.name === allOthers)?.connected ?? true;
  const others = othersConnected ? Math.max(0, total - named.length) : 0;
  return { list, total, connected: connected + others, awaitsPods, awaiting };
}

function reportedNames(instances: readonly InstanceStatus[]): string[] {
  return [...new Set(instances.flatMap((item) => (item.unhealthy ?? []).map(({ name }) => name)))].sort();
}

/** While nobody is active: as it was last. */
function keptFrom({ now, previous }: Snapshot, name: string): Aggregate {
  const before = previous.environments?.find((environment) => environment.name === name);
  const status = before ?? { name, state: 'INITIALIZING' as const, lastTransitionTime: toTime(now) };
  return {
    status: { ...status, connectedInstances: 0, totalInstances: 0 },
    connected: false,
    awaitsPods: false,
    heldBack: false,
    changesAt: undefined,
  };
}

/** The configuration that the pod of a report was made for. */
export function documentFor({ pods }: Snapshot, { uid }: InstanceStatus): PodDocument | undefined {
  return pods.find((pod) => pod.uid === uid)?.document;
}

/** True when the pod was made for the environment. Nobody but the pods knows what AutoConfig or an archive brings. */
function hasEnvironment(snapshot: Snapshot, instance: InstanceStatus, name: string): boolean {
  const document = documentFor(snapshot, instance);
  const source = sourceOf(snapshot.relayProxy.spec);
  if (document === undefined) return true;
  return document.source === source && (source !== 'environments' || document.environments.has(name));
}

function aggregateOne(snapshot: Snapshot, reporting: readonly InstanceStatus[], name: string): Aggregate {
  const { now, previous, relayProxy } = snapshot;
  const reporters = reporting.filter((instance) => hasEnvironment(snapshot, instance, name));
  const views = reporters.map((instance) => ({ instance, view: viewOf(snapshot, instance, name) }));
  const all = views.map(({ view }) => view);
  const before = previous.environments?.find((environment) => environment.name === name);
  const ready = new Set(snapshot.pods.filter((pod) => pod.ready).map((pod) => pod.name));
  const state = overallState(all, now, dampingMs(snapshot));
  const clientSideID = relayProxy.spec.environments?.find((item) => item.name === name)?.clientSideID;
  const lastError = newest(all.map((view) => view.lastError)) ?? before?.lastError;
  const storeState = overallStore(snapshot, all);
  const isHeldBack = reporters.length < reporting.length && !reporters.some((instance) => ready.has(instance.name));
  return {
    status: {
      name,
      ...(clientSideID !== undefined && { clientSideID }),
      state,
      connectedInstances: all.filter((view) => view.connected).length,
      totalInstances: all.length,
      lastTransitionTime:
        before?.state === state && before.lastTransitionTime
          ? before.lastTransitionTime
          : toTime(missingSince(state, all) ?? now),
      ...(lastError !== undefined && { lastError }),
      ...(storeState !== undefined && { storeState }),
    },
    connected: views.some(({ instance, view }) => view.connected && ready.has(instance.name)),
    awaitsPods: isHeldBack && !keyless.has(state),
    heldBack: isHeldBack,
    changesAt: all.map((view) => deadline(view, now, dampingMs(snapshot))).reduce(earliest, undefined),
  };
}

function viewOf(snapshot: Snapshot, instance: InstanceStatus, name: string): View {
  const found = reportOf(instance, name);
  if (found === undefined) {
    const silent = isCurrent(snapshot, instance) || isKnown(snapshot, name) ? 'VALID' : 'INITIALIZING';
    return {
      state: silent,
      since: undefined,
      connected: silent === 'VALID',
      lastError: undefined,
      storeState: undefined,
    };
  }
  const { state, served, lastError, storeState } = found;
  const since = fromTime(found.lastTransitionTime);
  const brief = state === 'INTERRUPTED' && snapshot.now - (since ?? 0) < dampingMs(snapshot);
  return { state, since, connected: state === 'VALID' || brief || served === true, lastError, storeState };
}

/** What a pod says of an environment: by its name, or by what it says of all that it does not name. */
export function reportOf(instance: InstanceStatus, name: string) {
  const { unhealthy = [] } = instance;
  return (
    unhealthy.find((environment) => environment.name === name) ??
    unhealthy.find((environment) => environment.name === allOthers)
  );
}

/**
 * True when the pod has the environment, so that its silence about it means that it is well. Of a pod whose configuration is
 * not known it is taken from its hash, which is that of the newest one or not.
 */
export function isCurrent(snapshot: Snapshot, instance: InstanceStatus): boolean {
  if (documentFor(snapshot, instance) !== undefined) return true;
  return instance.configHash === undefined || instance.configHash === snapshot.configHash;
}

/**
 * True when some pod has, or had, more than a beginning of the environment. Until then it may be a new one, of which
 * pods that still run an older configuration know nothing.
 */
function isKnown(snapshot: Snapshot, name: string): boolean {
  const before = snapshot.previous.environments?.find((environment) => environment.name === name);
  if (before && (before.state !== 'INITIALIZING' || (before.connectedInstances ?? 0) > 0)) return true;
  return reportersOf(snapshot).some((instance) => {
    const report = reportOf(instance, name);
    return report === undefined ? isCurrent(snapshot, instance) : report.state !== 'INITIALIZING';
  });
}

/** How long an interruption may last before the environment counts as disconnected, ms. */
function dampingMs({ relayProxy }: Snapshot): number {
  return relayProxy.spec.upstream.disconnectedAfterSeconds * 1000;
}

/**
 * VALID while some pod is and no other has been worse for long; otherwise the most frequent bad state. A rollout, whose
 * new pods have no data for a moment, changes nothing therefore.
 */
function overallState(views: readonly View[], now: number, damping: number): EnvironmentState {
  const bad = views.filter((view) => view.state !== 'VALID');
  if (views.length === 0) return 'INITIALIZING';
  if (bad.length < views.length && bad.every((view) => now - (view.since ?? 0) < damping)) return 'VALID';
  const counts = new Map<EnvironmentState, number>();
  for (const { state } of bad) counts.set(state, (counts.get(state) ?? 0) + 1);
  const [worst] = [...counts].sort(
    ([a, countA], [b, countB]) => countB - countA || ENVIRONMENT_STATES.indexOf(b) - ENVIRONMENT_STATES.indexOf(a),
  );
  return worst?.[0] ?? 'VALID';
}

/** Since when a key is not there: pods know it better than who hears of it later. */
function missingSince(state: EnvironmentState, views: readonly View[]): number | undefined {
  if (state !== 'CredentialMissing') return undefined;
  return views
    .filter((view) => view.state === state)
    .map((view) => view.since)
    .reduce(earliest, undefined);
}

function overallStore({ relayProxy }: Snapshot, views: readonly View[]): StoreState | undefined {
  if (relayProxy.spec.store === undefined || views.length === 0) return undefined;
  const states = views.map((view) => view.storeState ?? 'VALID');
  return STORE_STATES.findLast((state) => states.includes(state)) ?? 'VALID';
}

/** When a state that is overlooked for now begins to count. */
function deadline(view: View, now: number, damping: number): number | undefined {
  if (view.state === 'VALID' || view.since === undefined) return undefined;
  const at = view.since + damping;
  return at > now ? at : undefined;
}

function newest(errors: readonly EnvironmentStatus['lastError'][]): EnvironmentStatus['lastError'] {
  return errors
    .filter((error) => error !== undefined)
    .sort((a, b) => (fromTime(b.time) ?? 0) - (fromTime(a.time) ?? 0))[0];
}
