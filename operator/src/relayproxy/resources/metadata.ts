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

/** Metadata of a child: its name, the namespace of the RelayProxy and the common labels. */
export function childMetadata(relayProxy: RelayProxy, facts: Facts, name: string): ChildMetadata {
  return {
    name,
    namespace: identityOf(relayProxy).namespace,
    labels: childLabels(relayProxy, facts.version),
  };
}

/** A child of type `T` (a client-node type) as a builder makes it. */
export type Child<T> = Omit<AsJson<T>, 'status' | 'metadata'> & { metadata: ChildMetadata };
