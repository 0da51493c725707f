import type { RelayProxy } from '@flagrelay/crds';
import type { V1RoleBinding } from '@kubernetes/client-node';
import type { Facts } from './facts.ts';
import { type Child, childMetadata } from './metadata.ts';
import { identityOf, relayName } from './names.ts';
import { ownsAccount } from './service-account.ts';

/** Gives the pods' account its Role. */
export function buildRoleBinding(relayProxy: RelayProxy, facts: Facts): Child<V1RoleBinding> | undefined {
  if (!ownsAccount(relayProxy)) return undefined;
  const name = relayName(relayProxy);
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: childMetadata(relayProxy, facts, name),
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
    subjects: [{ kind: 'ServiceAccount', name, namespace: identityOf(relayProxy).namespace }],
  };
}
