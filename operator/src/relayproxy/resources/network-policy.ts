import type { RelayProxy } from '@flagrelay/crds';
import type { V1NetworkPolicy } from '@kubernetes/client-node';
import type { Facts } from './facts.ts';
import { type Child, childMetadata } from './metadata.ts';
import { relayName, selectorLabels } from './names.ts';

/**
 * The NetworkPolicy, or undefined when it is switched off. While pods of an earlier template run, their ports are as open as
 * those of the newest. The SDK port is open to `allowFrom` (to everybody when that
 * is empty), the operations port to everybody: kubelet and Prometheus come from anywhere. In mode 'Daemon' there is only the
 * latter.
 */
export function buildNetworkPolicy(relayProxy: RelayProxy, facts: Facts): Child<V1NetworkPolicy> | undefined {
  const { metrics, mode, networkPolicy, service } = relayProxy.spec;
  if (!networkPolicy.enabled) return undefined;
  const { allowFrom = [] } = networkPolicy;
  const { sdkPorts = [], opsPorts = [] } = facts.before ?? {};
  const sdk = portsOf(mode === 'Daemon' ? sdkPorts : [service.port, ...sdkPorts]);
  // client-node's type calls the field `_from`; on the wire it is `from`.
  const sdkRule = {
    ports: sdk,
    ...(allowFrom.length > 0 && { from: allowFrom }),
  };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: childMetadata(relayProxy, facts, relayName(relayProxy)),
    spec: {
      podSelector: { matchLabels: selectorLabels(relayProxy) },
      policyTypes: ['Ingress'],
      ingress: [...(sdk.length === 0 ? [] : [sdkRule]), { ports: portsOf([metrics.port, ...opsPorts]) }],
    },
  };
}

/** Each port once, in order. */
function portsOf(ports: readonly number[]): { protocol: string; port: number }[] {
  return [...new Set(ports)].sort((a, b) => a - b).map((port) => ({ protocol: 'TCP', port }));
}
