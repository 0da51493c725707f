import { alertingRule } from '@flagrelay/operator/monitoring/alert';
import { operatorAlerts } from '@flagrelay/operator/monitoring/operator-alerts';
import { stringify } from 'yaml';

/** Where the chart's template puts what only the release knows. */
const NAMESPACE = '%NAMESPACE%';
const DEPLOYMENT = '%DEPLOYMENT%';
const RUNBOOKS = '%RUNBOOKS%';

/** The group of alerts about the operator, for the chart's PrometheusRule; a file, as its templates are Prometheus', not Helm's. */
export function operatorRules(): string {
  const rules = operatorAlerts(NAMESPACE, DEPLOYMENT).map((alert) =>
    alertingRule(alert, { labels: { namespace: NAMESPACE }, runbookBaseUrl: RUNBOOKS }),
  );
  const notice = '# Made by `npm run chart` from operator/src/monitoring; do not edit.\n';
  return notice + stringify([{ name: 'flagrelay-operator', rules }], { lineWidth: 0 });
}
