import type { RelayProxy } from '@flagrelay/crds';
import type { V1Lease } from '@kubernetes/client-node';
import type { Facts } from './facts.ts';
import { type Child, childMetadata } from './metadata.ts';
import { relayName } from './names.ts';

/** Name of the Lease that the active pod holds; undefined in mode 'Proxy', in which all pods are active. */
export function leaseNameOf(relayProxy: RelayProxy): string | undefined {
  return relayProxy.spec.mode === 'Daemon' ? relayName(relayProxy) : undefined;
}

/** Name of the Lease that pods hold, those of an earlier template included. */
export function heldLeaseOf(relayProxy: RelayProxy, { before }: Facts): string | undefined {
  return leaseNameOf(relayProxy) ?? (before?.lease ? relayName(relayProxy) : undefined);
}

/**
 * The Lease by which pods in mode 'Daemon' agree which of them is active. It is made empty, so that pods need no right to
 * create any; who holds it is theirs to write.
 */
export function buildLease(relayProxy: RelayProxy, facts: Facts): Child<V1Lease> | undefined {
  const name = heldLeaseOf(relayProxy, facts);
  if (name === undefined) return undefined;
  return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: childMetadata(relayProxy, facts, name) };
}
