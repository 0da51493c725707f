import { apiVersion, kind, type RelayProxy, type RelayProxyStatus } from '@flagrelay/crds';
import type { Clock } from '@flagrelay/kube/clock';
import type { Reconcile, ReconcileContext, ReconcileResult } from '../runtime/controller-types.ts';
import type { EventRecorder, Logger } from '../runtime/index.ts';
import { objectKey } from '../runtime/objects.ts';
import type { RestClient } from '../runtime/rest-types.ts';
import type { Caches } from './caches.ts';
import { createApplier } from './children/apply.ts';
import { createConfigKeeper } from './children/config-keeper.ts';
import { type ChildrenResult, reconcileChildren } from './children/reconcile-children.ts';
import { createMountRefresher } from './children/refresh.ts';
import { type Claim, createClaims } from './claim/claims.ts';
import { fleetPods } from './fleet-pods.ts';
import type { Healer } from './heal/healer.ts';
import { removeDeadInstances } from './instances.ts';
import type { FleetMetrics } from './metrics.ts';
import { observe, observePods } from './observe.ts';
import { parsed } from './parsed.ts';
import type { PodFacts } from './pods/pod-facts.ts';
import type { Listener } from './poll/listen.ts';
import { createRebalancer } from './rebalance/rebalancer.ts';
import { documentText } from './resources/config-map.ts';
import { currentConfigMap } from './resources/config-version.ts';
import { hashOf, shortHash } from './resources/hash.ts';
import type { Pod, RawRelayProxy } from './resources/kubernetes-types.ts';
import { identityOf, relayName } from './resources/names.ts';
import { earliest } from './resources/times.ts';
import { mountedConfigMap } from './resources/volumes.ts';
import { createAutoscaler } from './scaling/autoscaler.ts';
import { planOf } from './sizing/plan.ts';
import { createStartExplainer } from './starting/explain-starting.ts';
import { childEvents, type Happening, statusEvents } from './status/events.ts';
import { isFinished } from './status/pods.ts';
import { referenceVersions } from './status/references.ts';
import type { Snapshot } from './status/snapshot.ts';
import { computeStatus, invalidStatus, type OperatorStatus } from './status/status.ts';
import { createStatusWriter } from './status-writer.ts';
import type { UpgradeGate } from './upgrade/gate.ts';

/** A list of instances that changed under our hands has settled after this time. */
const SETTLE_MS = 1000;

/** What the reconciler works with. */
export interface ReconcilerOptions {
  /** Its writes stop when the leadership is lost. */
  readonly client: RestClient;
  readonly caches: Caches;
  readonly events: Pick<EventRecorder, 'record'>;
  /** Image for RelayProxies that name none. */
  readonly relayImage: string;
  /** Folder of the pages that alerts point to. */
  readonly runbookBaseUrl: string;
  /** Where the operator runs; undefined outside a cluster. */
  readonly operatorNamespace: string | undefined;
  /** Release of the operator. */
  readonly version: string;
  /** Name by which it claims RelayProxies. */
  readonly operatorName: string;
  readonly clock: Pick<Clock, 'now' | 'wallNow'>;
  readonly logger: Logger;
  /** What it did to fleets. */
  readonly metrics: FleetMetrics;
  readonly gate: UpgradeGate;
  readonly listener: Listener;
  readonly healer: Healer;
}

/**
 * Makes the function that makes the world match one RelayProxy: children first, then what pods must know of it, then
 * the status. Deletion needs nothing of it: children go with their owner.
 */
export function createReconciler(options: ReconcilerOptions): Reconcile {
  const { client, caches, clock, relayImage, runbookBaseUrl, version, metrics, gate, listener, healer } = options;
  const applier = createApplier({
    client,
    storeOf: caches.childStores.of,
    clock,
    onPutBack: ({ kind: child }) => metrics.putBacks.inc({ kind: child }),
  });
  const configKeeper = createConfigKeeper(client);
  const claims = createClaims(client, options.operatorName, clock);
  metrics.contests(applier.contests);
  metrics.leftAlone(() => claims.leftAlone);
  const refresher = createMountRefresher(client);
  const statuses = createStatusWriter(client, clock);
  const autoscaler = createAutoscaler(clock);
  const rebalancer = createRebalancer(client, clock);
  const starts = createStartExplainer({ client, clock, logger: options.logger });
  const uids = new Map<string, string>();

  function forget(key: string): void {
    gate.forget(key);
    listener.forget(key);
    const uid = uids.get(key);
    if (uid === undefined) return;
    applier.forget(uid);
    configKeeper.forget(uid);
    refresher.forget(uid);
    statuses.forget(uid);
    autoscaler.forget(uid);
    rebalancer.forget(uid);
    starts.forget(uid);
    uids.delete(key);
  }

  function usedConfigMaps(relayProxy: RelayProxy): ReadonlySet<string> {
    const running = podsOf(relayProxy).filter((pod) => !isFinished(pod));
    return new Set(running.flatMap((pod) => mountedConfigMap(pod.spec) ?? []));
  }

  function podsOf(relayProxy: RelayProxy): readonly Pod[] {
    return fleetPods(caches, relayProxy);
  }

  async function refreshMounts(relayProxy: RelayProxy, children: ChildrenResult, signal: AbortSignal): Promise<void> {
    const { uid = '' } = relayProxy.metadata;
    const pods = podsOf(relayProxy);
    await refresher.refresh({
      uid,
      configMap: currentConfigMap(relayProxy, { relayImage }),
      document: shortHash(documentText(relayProxy)),
      references: hashOf(referenceVersions(relayProxy, caches.configMaps.store)),
      changedNow: children.configChanged,
      pods,
      signal,
    });
  }

  /** How many pods their connections ask for; undefined where connections do not decide, and while nothing may change. */
  function scaling(relayProxy: RelayProxy, { instances = [] }: RelayProxyStatus, pods: readonly PodFacts[]) {
    if (relayProxy.spec.paused) return undefined;
    const { namespace } = identityOf(relayProxy);
    const live = caches.childStores.deployment.get({ namespace, name: relayName(relayProxy) });
    return autoscaler.decide({ uid: relayProxy.metadata.uid ?? '', plan: planOf(relayProxy), live, pods, instances });
  }

  /** Has pods close streams where others have far fewer; answers when to look again, in ms. */
  async function rebalance(raw: RawRelayProxy, snapshot: Snapshot, signal: AbortSignal): Promise<number | undefined> {
    const rawPods = podsOf(snapshot.relayProxy);
    const { happening, recheckAfterMs } = await rebalancer.rebalance({ ...snapshot, rawPods, signal });
    if (happening !== undefined) {
      metrics.rebalances.inc();
      tell(raw, [happening]);
    }
    return recheckAfterMs;
  }

  function countScaling({ changes: { scaled } }: ChildrenResult): void {
    if (scaled?.why !== undefined) metrics.scalings.inc({ direction: scaled.to > scaled.from ? 'up' : 'down' });
  }

  function tell(raw: RawRelayProxy, happenings: readonly Happening[]): void {
    for (const happening of happenings)
      options.events.record({ regarding: { apiVersion, kind, ...raw }, ...happening });
  }

  /** Writes the status and tells of what changed in it; answers when to do it again because it was too early, in ms. */
  async function writeStatus(
    raw: RawRelayProxy,
    status: OperatorStatus,
    { signal }: ReconcileContext,
  ): Promise<number | undefined> {
    const before = statuses.current(raw);
    const result = await statuses.write(raw, status, signal);
    if (result === 'written') tell(raw, statusEvents(before, status));
    return typeof result === 'object' ? result.waitMs : undefined;
  }

  async function reconcileValid(
    raw: RawRelayProxy,
    relayProxy: RelayProxy,
    context: ReconcileContext,
  ): Promise<ReconcileResult> {
    const { signal } = context;
    const { childStores: stores, discovery } = caches;
    const previous = statuses.current(raw);
    const started = await starts.explain(relayProxy, observePods(caches, relayProxy, previous), signal);
    const { pods } = started;
    const scaled = scaling(relayProxy, previous, pods);
    const { disabled } = caches;
    const { operatorNamespace } = options;
    const release = { relayImage, runbookBaseUrl, version, gate, disabled, operatorNamespace };
    const podDocuments = [...new Set(pods.flatMap(({ document }) => document ?? []))];
    const used = { usedConfigMaps: usedConfigMaps(relayProxy), podDocuments };
    const parts = {
      client,
      applier,
      configKeeper,
      stores,
      discovery,
      ...release,
      ...used,
      status: previous,
      scaled,
      signal,
    };
    const children = await reconcileChildren(relayProxy, parts);
    countScaling(children);
    tell(raw, childEvents(children.changes));
    await refreshMounts(relayProxy, children, signal);

    const { outcome } = children;
    const seen = observe(caches, {
      ...{ relayProxy, previous, outcome, pods, scaling: scaled, relayImage, version },
      now: clock.wallNow(),
    });
    const { instances: heard, silent, ...listened } = await listener.listen(objectKey(raw), raw, seen, signal);
    const snapshot = { ...seen, instances: heard, silent };
    tell(raw, listened.happenings);
    const alive = new Set(snapshot.pods.map((pod) => pod.uid));
    const instances = previous.instances ?? [];
    const settled = await removeDeadInstances(client, { relayProxy: identityOf(relayProxy), instances, alive, signal });

    const { status, recheckAfterMs } = computeStatus(snapshot);
    const waitMs = await writeStatus(raw, status, context);
    if (children.retry !== undefined) throw children.retry;
    const healed = await healer.heal(snapshot, signal);
    tell(raw, healed.happenings);
    const unevenMs = await rebalance(raw, snapshot, signal);
    const rechecks = [children, started, listened, healed, scaled].map((part) => part?.recheckAfterMs);
    const delays = [recheckAfterMs, ...rechecks, waitMs, settled ? undefined : SETTLE_MS, unevenMs];
    return { requeueAfterMs: delays.reduce(earliest, undefined) };
  }

  /** Leaves a RelayProxy to the operator that manages it, and says so once. */
  function standBack(
    raw: RawRelayProxy,
    claim: Claim & { ours: false },
    { logger }: ReconcileContext,
  ): ReconcileResult {
    const { by, news, recheckAfterMs } = claim;
    forget(objectKey(raw));
    if (news) {
      logger.warn('Another operator manages this RelayProxy: it is left alone', { operator: by });
      const note = `The operator ${options.operatorName} leaves this RelayProxy alone: ${by} manages it. Install one release for each namespace.`;
      tell(raw, [{ type: 'Warning', reason: 'LookedAfterByAnother', action: 'Reconcile', note }]);
    }
    return { requeueAfterMs: recheckAfterMs };
  }

  return async (key, context) => {
    const raw = caches.relayProxies.store.getByKey(key);
    if (raw === undefined || raw.metadata?.deletionTimestamp !== undefined) {
      forget(key);
      claims.forget(key);
      return undefined;
    }
    const { uid = '', generation } = raw.metadata ?? {};
    if (uids.get(key) !== uid) forget(key);
    const claim = await claims.check(raw, context.signal);
    if (!claim.ours) return standBack(raw, claim, context);
    uids.set(key, uid);

    const result = parsed(raw);
    if (result.ok) return reconcileValid(raw, result.value, context);
    const status = invalidStatus(generation, statuses.current(raw), result.problems, clock.wallNow());
    return { requeueAfterMs: await writeStatus(raw, status, context) };
  };
}
