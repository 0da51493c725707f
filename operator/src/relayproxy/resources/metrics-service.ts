import type { RelayProxy } from '@flagrelay/crds';
import type { V1Service } from '@kubernetes/client-node';
import type { Facts } from './facts.ts';
import { type Child, childMetadata } from './metadata.ts';
import { componentLabel, metricsName, selectorLabels } from './names.ts';
import { opsPortName } from './ports.ts';

/** Value of the component label by which a ServiceMonitor tells this Service from the one of the SDKs. */
export const metricsComponent = 'metrics';

/**
 * The headless Service by which a ServiceMonitor finds the operations port of each pod, or undefined without one. Pods that
 * are not ready are in it too: those are the ones whose metrics somebody will want to see.
 */
export function buildMetricsService(relayProxy: RelayProxy, facts: Facts): Child<V1Service> | undefined {
  const { metrics } = relayProxy.spec;
  if (!metrics.serviceMonitor.enabled) return undefined;
  const { labels, ...metadata } = childMetadata(relayProxy, facts, metricsName(relayProxy));
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...metadata, labels: { ...labels, [componentLabel]: metricsComponent } },
    spec: {
      type: 'ClusterIP',
      clusterIP: 'None',
      publishNotReadyAddresses: true,
      selector: selectorLabels(relayProxy),
      ports: [{ name: opsPortName, port: metrics.port, targetPort: opsPortName, protocol: 'TCP' }],
    },
  };
}
