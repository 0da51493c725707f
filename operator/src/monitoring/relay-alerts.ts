import { type Alert, podsOf } from './alert.ts';

/** Which RelayProxy the alerts are about. */
export interface RelayAlertsTarget {
  readonly namespace: string;
  readonly name: string;
  /** Name of its Deployment. */
  readonly deployment: string;
}

/** Alerts about one fleet of relays, symptoms first (style.md 5). Numbers of pods come from the operator, the rest from the relays. */
export function relayAlerts({ namespace, name, deployment }: RelayAlertsTarget): readonly Alert[] {
  const pods = podsOf(namespace, deployment);
  const fleet = `namespace="${namespace}",name="${name}"`;
  const of = `RelayProxy ${namespace}/${name}`;
  return [
    {
      name: 'RelayProxyDown',
      severity: 'critical',
      for: '2m',
      expr: `max(flagrelay_relayproxy_ready_replicas{${fleet}}) == 0 and max(flagrelay_relayproxy_desired_replicas{${fleet}}) > 0`,
      summary: `${of} has no ready pod.`,
      description: 'Nobody serves flags: SDKs keep the values that they have, and new processes start with defaults.',
    },
    {
      name: 'RelayProxyBelowBudget',
      severity: 'warning',
      for: '10m',
      expr: `max(flagrelay_relayproxy_ready_replicas{${fleet}}) < max(flagrelay_relayproxy_minimum_replicas{${fleet}})`,
      summary: `${of} has fewer ready pods than its disruption budget asks for.`,
      description: '{{ $value }} pods are ready. Drains of nodes are blocked, and the next failure may be an outage.',
    },
    {
      name: 'RelayEnvironmentDisconnected',
      severity: 'critical',
      for: '5m',
      expr: `max by (environment) (flagrelay_environment_connected{${pods}}) == 0`,
      summary: `${of}: environment {{ $labels.environment }} is connected in no pod.`,
      description:
        'Flag changes do not reach SDKs of this environment; they go on with the last values, if there are any.',
    },
    {
      name: 'RelayEnvironmentInvalidKey',
      severity: 'warning',
      for: '1m',
      expr: `max by (environment) (flagrelay_upstream_state{${pods},state="OFF"}) == 1`,
      summary: `${of}: upstream refuses the SDK key of environment {{ $labels.environment }}.`,
      description:
        'The relay asks again every few minutes at most. Pods that start now have no data for the environment.',
    },
    {
      name: 'RelayStoreInterrupted',
      severity: 'warning',
      for: '5m',
      expr: `min by (environment) (flagrelay_store_up{${pods}}) == 0`,
      summary: `${of}: the data store of environment {{ $labels.environment }} cannot be used.`,
      description: 'SDKs are served from memory. Big segments, and SDKs that read the store, have old data or none.',
    },
    {
      name: 'RelayErrorRate',
      severity: 'warning',
      for: '10m',
      // Pods that have no data yet answer 503 on purpose, and no Service sends them anybody.
      expr:
        `sum(rate(flagrelay_http_requests_total{${pods},status=~"5.."}[5m])` +
        ` * on (namespace, pod) group_left max by (namespace, pod) (flagrelay_ready{${pods}}))` +
        ` / sum(rate(flagrelay_http_requests_total{${pods}}[5m])) > 0.01`,
      summary: `${of} answers more than 1 % of the requests with a server error.`,
      description: '{{ $value | humanizePercentage }} of the requests failed in the last five minutes.',
    },
    {
      name: 'RelayPropagationSlow',
      severity: 'warning',
      for: '10m',
      expr: `histogram_quantile(0.99, sum by (le) (rate(flagrelay_propagation_seconds_bucket{${pods}}[5m]))) > 1`,
      summary: `${of} takes longer than a second to pass a flag change on to SDKs.`,
      description:
        'One change in a hundred takes {{ $value | humanizeDuration }} or more from upstream to the streams.',
    },
    {
      name: 'RelayConnectionsNearLimit',
      severity: 'warning',
      for: '15m',
      expr: `sum(flagrelay_streams{${pods}}) / max(flagrelay_relayproxy_connections_limit{${fleet}}) > 0.9`,
      summary: `${of} has almost as many streams as it was made for.`,
      description:
        '{{ $value | humanizePercentage }} of the room is taken. When a zone is lost, the others may not carry all.',
    },
    {
      name: 'RelayZonesUnbalanced',
      severity: 'warning',
      for: '15m',
      expr: `count(sum by (zone) (flagrelay_relayproxy_pods{${fleet},ready="true"}) > 0) < max(flagrelay_relayproxy_minimum_zones{${fleet}})`,
      summary: `${of} has ready pods in too few zones.`,
      description:
        'Ready pods are in {{ $value }} zones, fewer than `spec.zones.minZones`: losing one zone may be an outage.',
    },
    {
      name: 'RelayEventsDropped',
      severity: 'warning',
      for: '10m',
      // What an SDK sent malformed is its own fault, and no relay could forward it.
      expr: `sum by (environment, reason) (rate(flagrelay_events_dropped_total{${pods},reason!="invalid"}[5m])) > 0`,
      summary: `${of} loses analytics events of environment {{ $labels.environment }}.`,
      description: '{{ $value | humanize }} events a second are lost ({{ $labels.reason }}). Flags are served as ever.',
    },
  ];
}
