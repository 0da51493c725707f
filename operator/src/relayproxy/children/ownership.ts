import { apiVersion, kind, type RelayProxy } from '@flagrelay/crds';
import type { KubernetesObject, OwnerReference } from '../../runtime/objects.ts';
import { adoptAnnotation, identityOf } from '../resources/names.ts';

/** Who an object that is there already belongs to. */
export type Ownership =
  /** Ours, or one that its user lets us take over. */
  | 'ours'
  | 'foreign'
  /** Of a deleted RelayProxy of the same name: the garbage collector is about to remove it. */
  | 'leftover';

/** The reference by which children go when their RelayProxy goes. */
export function ownerReference(relayProxy: RelayProxy): OwnerReference {
  const { name } = identityOf(relayProxy);
  return { apiVersion, kind, name, uid: relayProxy.metadata.uid ?? '', controller: true };
}

/** Owner that controls the object, if any. */
export function controllerOf(object: KubernetesObject): OwnerReference | undefined {
  return object.metadata?.ownerReferences?.find((reference) => reference.controller);
}

/** Says whether a child that is there may be changed. An object that another controller owns cannot be taken over. */
export function ownershipOf(object: KubernetesObject, relayProxy: RelayProxy): Ownership {
  const controller = controllerOf(object);
  if (controller === undefined) return object.metadata?.annotations?.[adoptAnnotation] === 'true' ? 'ours' : 'foreign';
  if (controller.uid === relayProxy.metadata.uid) return 'ours';
  return controller.kind === kind && controller.name === identityOf(relayProxy).name ? 'leftover' : 'foreign';
}
