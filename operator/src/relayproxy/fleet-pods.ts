import type { RelayProxy } from '@flagrelay/crds';
import { controllerOf, refKey } from '../runtime/objects.ts';
import type { Store } from '../runtime/store-types.ts';
import { indexes } from './caches.ts';
import type { Deployment, Pod, ReplicaSet } from './resources/kubernetes-types.ts';
import { identityOf, relayName } from './resources/names.ts';

/** The caches that {@link fleetPods} looks into. */
export interface FleetPodsStores {
  readonly pods: { readonly store: Pick<Store<Pod>, 'byIndex'> };
  readonly replicaSets: { readonly store: Pick<Store<ReplicaSet>, 'byIndex'> };
  readonly childStores: { readonly deployment: Pick<Store<Deployment>, 'get'> };
}

/**
 * The pods of a fleet: those whose ReplicaSet is of its Deployment. Labels are not enough: whoever may make pods in the
 * namespace can give them any, and such a pod would be counted, annotated, asked and evicted. Owners are told apart by UID,
 * up to the RelayProxy. Reads caches only; a pod that is newer than what is known of its ReplicaSet comes a moment later.
 */
export function fleetPods(stores: FleetPodsStores, relayProxy: RelayProxy): readonly Pod[] {
  const { namespace } = identityOf(relayProxy);
  const deployment = stores.childStores.deployment.get({ namespace, name: relayName(relayProxy) });
  const uid = deployment?.metadata?.uid;
  if (deployment === undefined || uid === undefined) return [];
  if (controllerOf(deployment)?.uid !== relayProxy.metadata.uid) return [];
  return stores.pods.store.byIndex(indexes.relayProxy, refKey(identityOf(relayProxy))).filter((pod) => {
    const owner = controllerOf(pod);
    if (owner?.kind !== 'ReplicaSet') return false;
    const sets = stores.replicaSets.store.byIndex(indexes.uid, owner.uid);
    return sets.some((set) => set.metadata?.namespace === namespace && controllerOf(set)?.uid === uid);
  });
}
