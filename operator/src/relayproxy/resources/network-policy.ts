import type { RelayProxy } from '@flagrelay/crds';
import type { V1NetworkPolicy } from '@kubernetes/client-node';
import type { Facts } from './facts.ts';
import { type Child, childMetadata } from './metadata.ts';
import { relayName, selectorLabels } from './names.ts';

/**
 * The NetworkPolicy, or undefined when it is switched off. The SDK port is open to `allowFrom`, the operations port to
 * `metricsFrom` or, where that is empty, to `allowFrom`; to everybody where nobody is named. The operator may always ask.
 * Kubelet's probes come from the node of the pod, which no policy keeps out. In mode 'Daemon' there is only the operations port.
 */
export function buildNetworkPolicy(relayProxy: RelayProxy, facts: Facts): Child<V1NetworkPolicy> | undefined {
  const { metrics, mode, networkPolicy, service } = relayProxy.spec;
  if (!networkPolicy.enabled) return undefined;
  const { allowFrom = [], metricsFrom = [] } = networkPolicy;
  const named = metricsFrom.length > 0 ? metricsFrom : allowFrom;
  // client-node's type calls the field `_from`; on the wire it is `from`.
  const sdkRule = {
    ports: [{ protocol: 'TCP', port: service.port }],
    ...(allowFrom.length > 0 && { from: allowFrom }),
  };
  const opsRule = {
    ports: [{ protocol: 'TCP', port: metrics.port }],
    ...(named.length > 0 && { from: [...named, ...operatorPeer(facts)] }),
  };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: childMetadata(relayProxy, facts, relayName(relayProxy)),
    spec: {
      podSelector: { matchLabels: selectorLabels(relayProxy) },
      policyTypes: ['Ingress'],
      ingress: [...(mode === 'Daemon' ? [] : [sdkRule]), opsRule],
    },
  };
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
