import type { RelayProxy } from '@flagrelay/crds';
import { alertingRule } from '../../monitoring/alert.ts';
import { relayAlerts } from '../../monitoring/relay-alerts.ts';
import type { Facts } from './facts.ts';
import type { PrometheusRule } from './kubernetes-types.ts';
import { childMetadata } from './metadata.ts';
import { identityOf, relayName } from './names.ts';

/** The alerts about the fleet, or undefined when they are switched off. */
export function buildPrometheusRule(relayProxy: RelayProxy, facts: Facts): PrometheusRule | undefined {
  const { enabled, labels } = relayProxy.spec.metrics.alerts;
  if (!enabled) return undefined;
  const { namespace, name } = identityOf(relayProxy);
  const deployment = relayName(relayProxy);
  const metadata = childMetadata(relayProxy, facts, deployment);
  const common = { labels: { namespace, relayproxy: name }, runbookBaseUrl: facts.runbookBaseUrl };
  const rules = relayAlerts({ namespace, name, deployment }).map((alert) => alertingRule(alert, common));
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { ...metadata, labels: { ...labels, ...metadata.labels } },
    spec: { groups: [{ name: `flagrelay.${namespace}.${name}`, rules }] },
  };
}
