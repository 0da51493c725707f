import type { RelayProxy } from '@flagrelay/crds';
import type { V1NetworkPolicy } from '@kubernetes/client-node';
import type { Facts } from './facts.ts';
import { type Child, childMetadata } from './metadata.ts';
import { relayName, selectorLabels } from './names.ts';

/**
 * The NetworkPolicy, or undefined when it is switched off. The SDK port is open to `allowFrom`, the operations port to
 * `metricsFrom` or, where that is empty, to `allowFrom`; to everybody where nobody is named. The operator may always ask.
 * Kubelet's probes come from the node of the pod, which no policy keeps out. In mode 'Daemon' there is only the operations
 * port. While pods of an earlier template run, their ports are as open as those of the newest.
 */
export function buildNetworkPolicy(relayProxy: RelayProxy, facts: Facts): Child<V1NetworkPolicy> | undefined {
  const { metrics, mode, networkPolicy, service } = relayProxy.spec;
  if (!networkPolicy.enabled) return undefined;
  const { allowFrom = [], metricsFrom = [] } = networkPolicy;
  const named = metricsFrom.length > 0 ? metricsFrom : allowFrom;
  const { sdkPorts = [], opsPorts = [] } = facts.before ?? {};
  const sdk = portsOf(mode === 'Daemon' ? sdkPorts : [service.port, ...sdkPorts]);
  // client-node's type calls the field `_from`; on the wire it is `from`.
  const sdkRule = {
    ports: sdk,
    ...(allowFrom.length > 0 && { from: allowFrom }),
  };
  const opsRule = {
    ports: portsOf([metrics.port, ...opsPorts]),
    ...(named.length > 0 && { from: [...named, ...operatorPeer(facts)] }),
  };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: childMetadata(relayProxy, facts, relayName(relayProxy)),
    spec: {
      podSelector: { matchLabels: selectorLabels(relayProxy) },
      policyTypes: ['Ingress'],
      ingress: [...(sdk.length === 0 ? [] : [sdkRule]), opsRule],
    },
  };
}

/** Each port once, in order. */
function portsOf(ports: readonly number[]): { protocol: string; port: number }[] {
  return [...new Set(ports)].sort((a, b) => a - b).map((port) => ({ protocol: 'TCP', port }));
}

/** The operator's pods, which ask those that do not report. */
function operatorPeer({ operatorNamespace }: Facts): object[] {
  if (operatorNamespace === undefined) return [];
  return [
    {
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': operatorNamespace } },
      podSelector: { matchLabels: { 'app.kubernetes.io/name': 'flagrelay-operator' } },
    },
  ];
}
