import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { clusterPermissions, leaderElectionPermissions, permissions } from '@flagrelay/operator/permissions';
import { waitForRelayProxyCrd } from '../cluster/crd.ts';
import type { Kubectl } from '../cluster/kubectl.ts';
import { repositoryRoot } from '../machine/paths.ts';

/** Namespace of the operators' Lease. */
export const leaseNamespace = 'flagrelay-system';

/** Applies what an installation has beside its pods: the CRD, the Lease's namespace and the roles, bound to the group of the operators' users. */
export async function prepare(kubectl: Kubectl): Promise<void> {
  const crd = readFileSync(join(repositoryRoot, 'crds', 'relayproxies.yaml'), 'utf8');
  await kubectl.apply(crd, { serverSide: true });
  await waitForRelayProxyCrd(kubectl);
  await kubectl.apply([
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: leaseNamespace } },
    ...bound('ClusterRole', 'flagrelay-operator', [...permissions, ...clusterPermissions]),
    ...bound('Role', 'flagrelay-operator', leaderElectionPermissions, leaseNamespace),
  ]);
}

function bound(kind: 'ClusterRole' | 'Role', name: string, rules: readonly object[], namespace?: string): object[] {
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  const metadata = { name, ...(namespace && { namespace }) };
  const subjects = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'flagrelay-operators' }];
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind, name };
  return [
    { apiVersion, kind, metadata, rules },
    { apiVersion, kind: `${kind}Binding`, metadata, roleRef, subjects },
  ];
}
