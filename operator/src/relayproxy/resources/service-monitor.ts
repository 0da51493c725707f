import type { RelayProxy } from '@flagrelay/crds';
import type { Facts } from './facts.ts';
import type { ServiceMonitor } from './kubernetes-types.ts';
import { childMetadata } from './metadata.ts';
import { metricsComponent } from './metrics-service.ts';
import { componentLabel, relayName, selectorLabels } from './names.ts';
import { opsPortName } from './ports.ts';

/** The ServiceMonitor of the operations port, or undefined when it is switched off. */
export function buildServiceMonitor(relayProxy: RelayProxy, facts: Facts): ServiceMonitor | undefined {
  const { enabled, labels, scrapePeriodSeconds } = relayProxy.spec.metrics.serviceMonitor;
  if (!enabled) return undefined;
  const metadata = childMetadata(relayProxy, facts, relayName(relayProxy));
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'ServiceMonitor',
    metadata: { ...metadata, labels: { ...labels, ...metadata.labels } },
    spec: {
      selector: { matchLabels: { ...selectorLabels(relayProxy), [componentLabel]: metricsComponent } },
      endpoints: [{ port: opsPortName, path: '/metrics', interval: `${scrapePeriodSeconds}s` }],
    },
  };
}
