import { apiVersion, kind, type RelayProxy } from '@flagrelay/crds';
import { controllerOf, type KubernetesObject, type OwnerReference, refKey } from '../../runtime/objects.ts';
import {
  adoptAnnotation,
  appliedHashAnnotation,
  fieldManager,
  identityOf,
  instanceLabel,
  managedByLabel,
} from '../resources/names.ts';
import { ownFields } from './field-records.ts';

/** Who an object that is there already belongs to. */
export type Ownership =
  /** Ours, or one that its user lets us take over. */
  | 'ours'
  /** Made by us for a RelayProxy of this name, and without a controller: left behind by an orphan delete, or its reference was removed. */
  | 'orphan'
  | 'foreign'
  /** Of a deleted RelayProxy of the same name: the garbage collector is about to remove it. */
  | 'leftover';

/** The reference by which children go when their RelayProxy goes. */
export function ownerReference(relayProxy: RelayProxy): OwnerReference {
  const { name } = identityOf(relayProxy);
  return { apiVersion, kind, name, uid: relayProxy.metadata.uid ?? '', controller: true };
}

/**
 * Says whether a child that is there may be changed. An object that another controller owns cannot be taken over.
 * @param hash of what would be applied to it now
 */
export function ownershipOf(object: KubernetesObject, relayProxy: RelayProxy, hash: string): Ownership {
  const controller = controllerOf(object);
  if (controller === undefined) {
    if (object.metadata?.annotations?.[adoptAnnotation] === 'true') return 'ours';
    return wasMadeFor(object, relayProxy, hash) ? 'orphan' : 'foreign';
  }
  if (controller.uid === relayProxy.metadata.uid) return 'ours';
  return controller.kind === kind && controller.name === identityOf(relayProxy).name ? 'leftover' : 'foreign';
}

/**
 * True for an object that we made for a RelayProxy of this name. Labels and an annotation are soon copied: it counts only
 * when the API server has it on record that our apply set the annotation, or when the hash is that of what we would apply.
 */
function wasMadeFor(object: KubernetesObject, relayProxy: RelayProxy, hash: string): boolean {
  const { labels, annotations } = object.metadata ?? {};
  if (labels?.[managedByLabel] !== fieldManager) return false;
  if (labels[instanceLabel] !== identityOf(relayProxy).name) return false;
  const applied = annotations?.[appliedHashAnnotation];
  if (applied === undefined) return false;
  const recorded = ownFields(object)?.['f:metadata']?.['f:annotations']?.[`f:${appliedHashAnnotation}`];
  return recorded !== undefined || applied === hash;
}

/** Keys of the RelayProxy that a child without a controller was made for, by its labels; none for any other. */
export function orphanKeys(object: KubernetesObject): readonly string[] {
  const { labels, namespace } = object.metadata ?? {};
  const name = labels?.[instanceLabel];
  const isOrphan = controllerOf(object) === undefined && labels?.[managedByLabel] === fieldManager;
  return isOrphan && name !== undefined ? [refKey({ name, namespace })] : [];
}
