import type { Clock } from '@flagrelay/kube/clock';
import {
  type Controller,
  createController,
  type EventRecorder,
  fieldChanged,
  type Logger,
  ownerKeys,
  type RestClient,
  type RuntimeMetrics,
} from '../runtime/index.ts';
import { type KubernetesObject, objectKey, refKey } from '../runtime/objects.ts';
import type { Change } from '../runtime/store-types.ts';
import { type Caches, indexes, relayProxyOfPod } from './caches.ts';
import { ownFields } from './children/field-records.ts';
import { orphanKeys } from './children/ownership.ts';
import { createHealer } from './heal/healer.ts';
import { createFleetMetrics } from './metrics.ts';
import { neighbourNames } from './name-collisions.ts';
import { createAskPod } from './poll/ask-pod.ts';
import { createListener } from './poll/listen.ts';
import { createPoller } from './poll/poller.ts';
import { roundTargets } from './poll/round-targets.ts';
import { createRounds } from './poll/rounds.ts';
import { createReconciler } from './reconcile.ts';
import { type Node, type RawRelayProxy, type ReplicaSet, types } from './resources/kubernetes-types.ts';
import { createUpgradeGate } from './upgrade/gate.ts';

/** What the controller is made of. */
export interface RelayProxyControllerOptions {
  /** Its writes stop when the leadership is lost. */
  readonly client: RestClient;
  readonly caches: Caches;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly relayImage: string;
  /** Folder of the pages that alerts point to. */
  readonly runbookBaseUrl: string;
  /** Where the operator runs; undefined outside a cluster. */
  readonly operatorNamespace: string | undefined;
  /** RelayProxies that are worked on at a time. */
  readonly concurrency: number;
  readonly version: string;
  /** Name of this operator, by which it claims RelayProxies: namespace and name of its Lease. */
  readonly operatorName: string;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: RuntimeMetrics;
}

/** How careful the operator is with running pods. */
export interface Limits {
  /** Fleets that are upgraded at a time after the operator was. */
  readonly maxConcurrentRollouts: number;
  /** Least time between the beginnings of two such upgrades, ms. */
  readonly rolloutDelayMs: number;
  /** A pod whose environments have all been stuck for this long, while those of others are not, is restarted, ms; 0: never. */
  readonly healStuckAfterMs: number;
  /** How often a pod that reports is asked whether its report still holds, ms; 0: never. */
  readonly askPodsPeriodMs: number;
}

/** The controller, and what goes on beside it while it leads. */
export interface RelayProxyController {
  readonly controller: Controller;
  /** Asks pods that report whether they still can; until the signal aborts. */
  readonly rounds: (signal: AbortSignal) => Promise<void>;
}

/** Makes the controller and says which change of what leads to a look at which RelayProxy. */
export function createRelayProxyController(options: RelayProxyControllerOptions): RelayProxyController {
  const { client, caches, clock, limits, logger, metrics } = options;
  const wake = (key: string, afterMs: number): void => controller.enqueueAfter(key, afterMs);
  const gate = createUpgradeGate({
    deployments: caches.childStores.deployment,
    relayProxies: caches.relayProxies.store,
    clock,
    maxConcurrent: limits.maxConcurrentRollouts,
    delayMs: limits.rolloutDelayMs,
    wake,
  });
  const fleetMetrics = createFleetMetrics(metrics.registry);
  const askPod = createAskPod();
  const poller = createPoller({
    ask: askPod,
    clock,
    answered(key, answer) {
      fleetMetrics.polls.inc({ result: answer.result });
      if (answer.result !== 'answered') logger.debug('A pod was asked in vain', { key, problem: answer.problem });
      wake(key, 0);
    },
  });
  const listener = createListener(client, poller);
  const rounds = createRounds({
    targets: () => roundTargets(caches),
    ask: askPod,
    clock,
    periodMs: limits.askPodsPeriodMs,
    answered: (_key, { result }) => fleetMetrics.rounds.inc({ result }),
    stopped(key, item) {
      listener.stopped(key, item);
      wake(key, 0);
    },
  });
  const healer = createHealer({
    client,
    clock,
    stuckAfterMs: limits.healStuckAfterMs,
    restarts: fleetMetrics.restarts,
  });
  const reconcile = createReconciler({ ...options, metrics: fleetMetrics, gate, listener, healer });
  const controller: Controller = createController({
    name: 'relayproxy',
    reconcile,
    concurrency: options.concurrency,
    logger,
    metrics,
  });
  const { relayProxies, pods } = caches;
  const referring = (index: string) => (object: { metadata?: { name?: string; namespace?: string } }) =>
    relayProxies.store.byIndex(index, objectKey(object)).map(objectKey);

  const neighbours = ({ metadata }: RawRelayProxy) =>
    neighbourNames(metadata?.name ?? '')
      .map((name) => refKey({ name, namespace: metadata?.namespace }))
      .filter((key) => relayProxies.store.getByKey(key) !== undefined);

  controller.watch(relayProxies, { predicate: isRelevant });
  // Two may need an object of one name.
  controller.watch(relayProxies, { map: neighbours, predicate: fieldChanged(({ metadata }) => metadata?.generation) });
  const owner = ownerKeys(types.relayProxy);
  for (const informer of caches.children) {
    controller.watch(informer, { map: (child) => [...owner(child), ...orphanKeys(child)], predicate: isVisible });
  }
  // Who asked for a kind that was not there gets it now; for the others there is nothing to write.
  caches.onOptionalKinds(() => {
    for (const relayProxy of relayProxies.store.list()) controller.enqueue(objectKey(relayProxy), 'low');
  });
  controller.watch(pods, { map: relayProxyOfPod });
  // A pod counts once it is known whose its ReplicaSet is.
  const owners = fieldChanged<ReplicaSet>(({ metadata }) => [metadata?.uid, metadata?.ownerReferences]);
  controller.watch(caches.replicaSets, { map: relayProxyOfPod, predicate: owners });
  controller.watch(caches.configMaps, { map: referring(indexes.configMap) });
  controller.watch(caches.claims, { map: referring(indexes.claim) });
  if (caches.nodes) {
    const map = ({ metadata }: Node) => pods.store.byIndex(indexes.node, metadata?.name ?? '').flatMap(relayProxyOfPod);
    controller.watch(caches.nodes, { map, predicate: fieldChanged(({ metadata }) => metadata?.labels) });
  }
  return { controller, rounds: rounds.run };
}

/** Leaves out changes of what is not kept of an object, such as the renewals of a Lease, and of which fields others hold beside ours. */
export const isVisible: (change: Change<KubernetesObject>) => boolean = fieldChanged((object) => {
  const { metadata = {}, ...rest } = object;
  const { resourceVersion: _version, managedFields: _records, ...visible } = metadata;
  return [visible, rest, ownFields(object)];
});

/** Leaves out what the operator did itself: changes of the status other than of the pods' own items and of the claim. */
export const isRelevant: (change: Change<RawRelayProxy>) => boolean = fieldChanged(({ metadata = {}, status }) => {
  const { uid, generation, deletionTimestamp, labels, annotations } = metadata;
  return [uid, generation, deletionTimestamp, labels, annotations, status?.instances, status?.operator];
});
