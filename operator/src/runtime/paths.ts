import type { ObjectRef, ResourceType } from './objects.ts';

/** A name that could leave its place in the URL: empty, a dot segment, or with a slash or percent sign. */
const UNSAFE_SEGMENT = /^$|^\.{1,2}$|[/%]/;

function segment(value: string, what: string): string {
  if (UNSAFE_SEGMENT.test(value)) {
    throw new RangeError(`${what} ${JSON.stringify(value)} must not be empty, '.' or '..', nor contain '/' or '%'`);
  }
  return encodeURIComponent(value);
}

/** Path of a group and version: `/api/v1`, `/apis/apps/v1`. */
export function groupPath(type: ResourceType): string {
  return type.group === '' ? `/api/${type.version}` : `/apis/${type.group}/${type.version}`;
}

/** Path of all objects of a kind, or of those in one namespace. Throws RangeError for an unsafe namespace. */
export function collectionPath(type: ResourceType, namespace?: string | undefined): string {
  const scope = type.namespaced && namespace !== undefined ? `/namespaces/${segment(namespace, 'namespace')}` : '';
  return `${groupPath(type)}${scope}/${type.plural}`;
}

/**
 * Path of one object or its subresource.
 * Throws RangeError for an unsafe name, or when a namespaced kind comes without a namespace.
 */
export function objectPath(type: ResourceType, ref: ObjectRef, subresource?: string | undefined): string {
  if (type.namespaced && !ref.namespace) throw new RangeError(`namespace of ${type.kind} ${ref.name} must be set`);
  const path = `${collectionPath(type, ref.namespace)}/${segment(ref.name, 'name')}`;
  return subresource === undefined ? path : `${path}/${segment(subresource, 'subresource')}`;
}

/** A query string with its `?`, leaving out what is undefined or false; empty when nothing is left. */
export function queryString(values: Record<string, string | number | boolean | undefined>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && value !== false) query.set(name, String(value));
  }
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}
