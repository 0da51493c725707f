import { group, names, type RelayProxy } from '@flagrelay/crds';
import type { V1Role } from '@kubernetes/client-node';
import type { Facts } from './facts.ts';
import { heldLeaseOf } from './lease.ts';
import { type Child, childMetadata } from './metadata.ts';
import { identityOf, relayName } from './names.ts';
import { ownsAccount } from './service-account.ts';

/**
 * What pods may do: report into the status of their own RelayProxy and, in mode 'Daemon', hold its Lease, which is there
 * already. Nothing else.
 */
export function buildRole(relayProxy: RelayProxy, facts: Facts): Child<V1Role> | undefined {
  if (!ownsAccount(relayProxy)) return undefined;
  const lease = heldLeaseOf(relayProxy, facts);
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: childMetadata(relayProxy, facts, relayName(relayProxy)),
    rules: [
      {
        apiGroups: [group],
        resources: [`${names.plural}/status`],
        resourceNames: [identityOf(relayProxy).name],
        verbs: ['get', 'patch'],
      },
      ...(lease === undefined
        ? []
        : [
            {
              apiGroups: ['coordination.k8s.io'],
              resources: ['leases'],
              resourceNames: [lease],
              verbs: ['get', 'update'],
            },
          ]),
    ],
  };
}
