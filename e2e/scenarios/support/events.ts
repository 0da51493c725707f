import type { Kubectl } from '../../cluster/kubectl.ts';

/** An Event about an object, as a person reads it. */
export interface ObservedEvent {
  readonly type: string;
  readonly reason: string;
  readonly note: string;
}

/** The Events about a RelayProxy. */
export async function eventsAbout(kubectl: Kubectl, namespace: string, name: string): Promise<ObservedEvent[]> {
  const events = await kubectl.list('events.v1.events.k8s.io', namespace);
  return events
    .map((event) => event as unknown as ObservedEvent & { readonly regarding: { kind: string; name: string } })
    .filter(({ regarding }) => regarding.kind === 'RelayProxy' && regarding.name === name)
    .map(({ type, reason, note }) => ({ type, reason, note }));
}
