import type { RelayProxy } from '@flagrelay/crds';
import type { V1ServiceAccount } from '@kubernetes/client-node';
import type { Facts } from './facts.ts';
import { type Child, childMetadata } from './metadata.ts';
import { relayName } from './names.ts';

/** True when the operator makes the pods' account and what it may do: the user named no account. */
export function ownsAccount(relayProxy: RelayProxy): boolean {
  return relayProxy.spec.podTemplate.serviceAccountName === undefined;
}

/** The pods' ServiceAccount, or undefined when the user names one. Its token is mounted where it is needed only. */
export function buildServiceAccount(relayProxy: RelayProxy, facts: Facts): Child<V1ServiceAccount> | undefined {
  if (!ownsAccount(relayProxy)) return undefined;
  const { serviceAccountAnnotations } = relayProxy.spec.podTemplate;
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: childMetadata(relayProxy, facts, relayName(relayProxy), serviceAccountAnnotations),
    automountServiceAccountToken: false,
  };
}
