import { isDeepStrictEqual } from 'node:util';
import { apiVersionOf, type KubernetesObject, type ResourceType, refKey } from './objects.ts';
import type { Change } from './store-types.ts';

/** Decides whether a change matters; for WatchRule.predicate. */
export type Predicate<T extends KubernetesObject> = (change: Change<T>) => boolean;

/** A WatchRule.map for children: the key of the controlling owner of that kind (any version), if there is one. */
export function ownerKeys(owner: ResourceType): (object: KubernetesObject) => readonly string[] {
  const group = groupOf(apiVersionOf(owner));
  return (object) =>
    (object.metadata?.ownerReferences ?? [])
      .filter((ref) => ref.controller === true && ref.kind === owner.kind && groupOf(ref.apiVersion) === group)
      .map((ref) => refKey({ name: ref.name, namespace: owner.namespaced ? object.metadata?.namespace : undefined }));
}

function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

/** All adds and deletes; updates that changed the spec (the generation) or began the deletion. Ignores status writes. */
export function generationChanged(change: Change<KubernetesObject>): boolean {
  if (change.type !== 'updated') return true;
  const before = change.old.metadata;
  const after = change.object.metadata;
  return before?.generation !== after?.generation || before?.deletionTimestamp !== after?.deletionTimestamp;
}

/** All adds and deletes; updates that changed labels or annotations. */
export function metadataChanged(change: Change<KubernetesObject>): boolean {
  return fieldChanged((object) => [object.metadata?.labels, object.metadata?.annotations])(change);
}

/** A predicate: all adds and deletes, and updates in which what `read` answers differs (deeply). */
export function fieldChanged<T extends KubernetesObject>(read: (object: T) => unknown): Predicate<T> {
  return (change) => change.type !== 'updated' || !isDeepStrictEqual(read(change.old), read(change.object));
}

/** True when one of the predicates is. */
export function anyOf<T extends KubernetesObject>(...predicates: readonly Predicate<T>[]): Predicate<T> {
  return (change) => predicates.some((predicate) => predicate(change));
}
