import type { KubernetesObject, ResourceType } from './objects.ts';

/** What an event says. */
export interface EventInput {
  readonly regarding: KubernetesObject;
  readonly related?: KubernetesObject | undefined;
  readonly type: 'Normal' | 'Warning';
  /** CamelCase, why; for example `SecretNotFound`. */
  readonly reason: string;
  /** CamelCase, what was being done; for example `Reconcile`. */
  readonly action: string;
  /** For humans; no credentials; cut at 1 kB, as the API server demands. */
  readonly note: string;
}

/** A reference to an object inside an event. */
export interface ObjectReference {
  apiVersion?: string;
  kind?: string;
  name?: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
}

/** events.k8s.io/v1 Event. */
export interface KubernetesEvent extends KubernetesObject {
  eventTime?: string;
  type?: string;
  reason?: string;
  action?: string;
  note?: string;
  reportingController?: string;
  reportingInstance?: string;
  regarding?: ObjectReference;
  related?: ObjectReference;
  series?: { count: number; lastObservedTime: string };
}

/** The Event kind. */
export const events: ResourceType<KubernetesEvent> = {
  group: 'events.k8s.io',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  namespaced: true,
};

/** The API server's limit for a note, in bytes. */
const NOTE_LIMIT = 1024;

/** A note within the server's limit, cut at a whole character. */
export function cutNote(note: string): string {
  if (Buffer.byteLength(note) <= NOTE_LIMIT) return note;
  const room = NOTE_LIMIT - Buffer.byteLength('…');
  // fatal: false turns a cut character into U+FFFD, which is then dropped
  return `${new TextDecoder().decode(Buffer.from(note).subarray(0, room)).replace(/\uFFFD$/, '')}…`;
}

/** The reference to an object. */
export function referenceTo(object: KubernetesObject): ObjectReference {
  const { name, namespace, uid, resourceVersion } = object.metadata ?? {};
  const { apiVersion, kind } = object;
  const all = { apiVersion, kind, name, namespace, uid, resourceVersion };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
