import { group, names, type RelayProxy } from '@flagrelay/crds';
import type { V1Role } from '@kubernetes/client-node';
import type { Facts } from './facts.ts';
import { type Child, childMetadata } from './metadata.ts';
import { identityOf, relayName } from './names.ts';
import { ownsAccount } from './service-account.ts';

/** What pods may do: report into the status of their own RelayProxy, nothing else. */
export function buildRole(relayProxy: RelayProxy, facts: Facts): Child<V1Role> | undefined {
  if (!ownsAccount(relayProxy)) return undefined;
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
    ],
  };
}
