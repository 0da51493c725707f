import { type Alert, podsOf } from './alert.ts';

/** Alerts about the operator itself (style.md 5). @param deployment its name; the chart fills in placeholders of its own */
export function operatorAlerts(namespace: string, deployment: string): readonly Alert[] {
  const pods = podsOf(namespace, deployment);
  return [
    {
      name: 'RelayOperatorDown',
      severity: 'critical',
      for: '5m',
      expr: `absent(process_start_time_seconds{${pods}})`,
      summary: `No flagrelay operator runs in ${namespace}, or Prometheus does not see it.`,
      description: 'Relays go on serving. Changes of RelayProxies wait, and nobody repairs or scales a fleet.',
    },
    {
      name: 'RelayOperatorNoLeader',
      severity: 'critical',
      for: '5m',
      expr: `sum(leader_election_master_status{${pods}}) == 0`,
      summary: `No flagrelay operator in ${namespace} leads.`,
      description: 'Operators run, but none holds the Lease: changes of RelayProxies wait. Relays go on serving.',
    },
    {
      name: 'RelayOperatorReconcileErrors',
      severity: 'warning',
      for: '15m',
      expr:
        `sum by (controller) (rate(controller_runtime_reconcile_errors_total{${pods}}[10m]))` +
        ` / sum by (controller) (rate(controller_runtime_reconcile_total{${pods}}[10m])) > 0.1`,
      summary: `The flagrelay operator in ${namespace} fails to bring RelayProxies about.`,
      description: '{{ $value | humanizePercentage }} of its attempts fail; it tries again with growing pauses.',
    },
    {
      name: 'RelayOperatorQueueStuck',
      severity: 'warning',
      for: '5m',
      expr: `max by (controller) (workqueue_longest_running_processor_seconds{${pods}}) > 300`,
      summary: `The flagrelay operator in ${namespace} has worked on one RelayProxy for minutes.`,
      description: 'It has been at it for {{ $value | humanizeDuration }}; others may wait behind it.',
    },
    {
      name: 'RelayOperatorContested',
      severity: 'warning',
      for: '15m',
      expr: `sum by (reason) (flagrelay_operator_contested_children{${pods}}) > 0`,
      summary: `Somebody works against the flagrelay operator in ${namespace}.`,
      description:
        '{{ $value }} child objects are not what RelayProxies ask for ({{ $labels.reason }}): another controller, user or admission policy changes them each time they are put back. The condition Reconciled names the field and who holds it.',
    },
    {
      name: 'RelayOperatorStandsBack',
      severity: 'warning',
      for: '15m',
      expr: `max(flagrelay_operator_relayproxies_left_alone{${pods}}) > 0`,
      summary: `Two flagrelay operators watch the same namespaces; the one in ${namespace} stands back.`,
      description: '{{ $value }} RelayProxies are managed by another operator, which `status.operator` names.',
    },
  ];
}
