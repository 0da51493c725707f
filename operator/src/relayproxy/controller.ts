import {
  type Clock,
  type Controller,
  createController,
  type EventRecorder,
  fieldChanged,
  type Logger,
  ownerKeys,
  type RestClient,
  type RuntimeMetrics,
} from '../runtime/index.ts';
import { type KubernetesObject, objectKey } from '../runtime/objects.ts';
import type { Change } from '../runtime/store-types.ts';
import { type Caches, indexes, relayProxyOfPod } from './caches.ts';
import { createFleetMetrics } from './metrics.ts';
import { createReconciler } from './reconcile.ts';
import { type Node, type RawRelayProxy, types } from './resources/kubernetes-types.ts';

/** What the controller is made of. */
export interface RelayProxyControllerOptions {
  /** Its writes stop when the leadership is lost. */
  readonly client: RestClient;
  readonly caches: Caches;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly relayImage: string;
  /** Folder of the pages that alerts point to. */
  readonly runbookBaseUrl: string;
  /** RelayProxies that are worked on at a time. */
  readonly concurrency: number;
  readonly version: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: RuntimeMetrics;
}

/** Makes the controller and says which change of what leads to a look at which RelayProxy. */
export function createRelayProxyController(options: RelayProxyControllerOptions): Controller {
  const { caches, logger, metrics } = options;
  const reconcile = createReconciler({ ...options, metrics: createFleetMetrics(metrics.registry) });
  const controller = createController({
    name: 'relayproxy',
    reconcile,
    concurrency: options.concurrency,
    logger,
    metrics,
  });
  const { relayProxies, pods } = caches;
  const referring = (index: string) => (object: { metadata?: { name?: string; namespace?: string } }) =>
    relayProxies.store.byIndex(index, objectKey(object)).map(objectKey);

  controller.watch(relayProxies, { predicate: isRelevant });
  for (const informer of caches.children) {
    controller.watch(informer, { map: ownerKeys(types.relayProxy), predicate: isVisible });
  }
  // Who asked for a kind that was not there gets it now; for the others there is nothing to write.
  caches.onOptionalKinds(() => {
    for (const relayProxy of relayProxies.store.list()) controller.enqueue(objectKey(relayProxy), 'low');
  });
  controller.watch(pods, { map: relayProxyOfPod });
  controller.watch(caches.configMaps, { map: referring(indexes.configMap) });
  controller.watch(caches.claims, { map: referring(indexes.claim) });
  if (caches.nodes) {
    const map = ({ metadata }: Node) => pods.store.byIndex(indexes.node, metadata?.name ?? '').flatMap(relayProxyOfPod);
    controller.watch(caches.nodes, { map, predicate: fieldChanged(({ metadata }) => metadata?.labels) });
  }
  return controller;
}

/** Leaves out changes of what is not kept of an object, such as the renewals of a Lease. */
export const isVisible: (change: Change<KubernetesObject>) => boolean = fieldChanged(({ metadata = {}, ...rest }) => {
  const { resourceVersion: _version, ...visible } = metadata;
  return [visible, rest];
});

/** Leaves out what the operator did itself: changes of the status other than of the pods' own items. */
export const isRelevant: (change: Change<RawRelayProxy>) => boolean = fieldChanged(({ metadata = {}, status }) => {
  const { uid, generation, deletionTimestamp, labels, annotations } = metadata;
  return [uid, generation, deletionTimestamp, labels, annotations, status?.instances];
});
