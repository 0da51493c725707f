import type { RelayProxy } from '@flagrelay/crds';
import type { AsJson } from '../../runtime/objects.ts';
import type { Facts } from './facts.ts';
import { childLabels, identityOf } from './names.ts';

/** Metadata of a child as it is applied. */
export interface ChildMetadata {
  name: string;
  namespace: string;
  labels: Record<string, string>;
  annotations?: Record<string, string>;
}

/** Metadata of a child: its name, the namespace of the RelayProxy, the common labels, and annotations where there are any. */
export function childMetadata(
  relayProxy: RelayProxy,
  facts: Facts,
  name: string,
  annotations: Readonly<Record<string, string>> = {},
): ChildMetadata {
  const { commonLabels, commonAnnotations } = relayProxy.spec;
  const all = { ...commonAnnotations, ...annotations };
  return {
    name,
    namespace: identityOf(relayProxy).namespace,
    labels: { ...commonLabels, ...childLabels(relayProxy, facts.version) },
    ...(Object.keys(all).length > 0 && { annotations: all }),
  };
}

/** A child of type `T` (a client-node type) as a builder makes it. */
export type Child<T> = Omit<AsJson<T>, 'status' | 'metadata'> & { metadata: ChildMetadata };
