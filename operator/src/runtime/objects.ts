/** Shapes that every Kubernetes object shares, as they come over the wire (times are RFC 3339 strings, never Date). */

/** An owner of an object (metadata.ownerReferences). */
export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

/** Standard object metadata. Times are RFC 3339 strings. */
export interface ObjectMeta {
  name?: string;
  generateName?: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
  managedFields?: unknown[];
}

/** The least that an object of any kind has. */
export interface KubernetesObject {
  apiVersion?: string;
  kind?: string;
  metadata?: ObjectMeta;
}

/** A client-node `V1…` type as it is on the wire: every Date becomes a string. */
export type AsJson<T> = T extends Date
  ? string
  : T extends readonly (infer Item)[]
    ? AsJson<Item>[]
    : T extends object
      ? { [Key in keyof T]: AsJson<T[Key]> }
      : T;

/** One served kind: what a URL and a manifest need to know. `T` is the type of its objects. */
export interface ResourceType<T extends KubernetesObject = KubernetesObject> {
  /** API group; empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** Lower-case plural, as in URLs: `deployments`. */
  readonly plural: string;
  readonly namespaced: boolean;
  /** Carries `T` for the type checker only; never set. */
  readonly objectType?: T;
}

/** Name and, for a namespaced kind, namespace of one object. */
export interface ObjectRef {
  readonly name: string;
  readonly namespace?: string | undefined;
}

/** `group/version`, or the version alone for the core group: the value of `apiVersion`. */
export function apiVersionOf(type: ResourceType): string {
  return type.group === '' ? type.version : `${type.group}/${type.version}`;
}

/** The queue and cache key of an object: `namespace/name`, or `name` alone for a cluster-scoped one. */
export function objectKey(object: KubernetesObject): string {
  const { name = '', namespace } = object.metadata ?? {};
  return refKey({ name, namespace });
}

/** The queue and cache key of a reference; see `objectKey`. */
export function refKey(ref: ObjectRef): string {
  return ref.namespace ? `${ref.namespace}/${ref.name}` : ref.name;
}

/** The reference that a key stands for: the inverse of `refKey`. */
export function parseKey(key: string): ObjectRef {
  const slash = key.indexOf('/');
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** Owner that controls the object, if any. */
export function controllerOf(object: KubernetesObject): OwnerReference | undefined {
  return object.metadata?.ownerReferences?.find((reference) => reference.controller);
}
