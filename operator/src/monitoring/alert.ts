/** How soon somebody must look: `critical` now, also at night; `warning` on the next working day. */
export type Severity = 'critical' | 'warning';

/** One alert, before it becomes a rule. */
export interface Alert {
  readonly name: string;
  readonly severity: Severity;
  /** How long `expr` must hold, as Prometheus writes durations. */
  readonly for: string;
  /** PromQL; a result is an alert. */
  readonly expr: string;
  /** One line that names what it is about. */
  readonly summary: string;
  /** What is going on and what that does to users. */
  readonly description: string;
}

/** An alerting rule as Prometheus reads it. */
export interface AlertingRule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** The page that tells what to do about an alert. @param baseUrl of the folder of runbooks, with or without a slash at its end */
export function runbookUrl(baseUrl: string, alert: string): string {
  return `${baseUrl.replace(/\/+$/, '')}/${alert}.md`;
}

/** The rule of an alert. `labels` are those that all alerts of the group have. */
export function alertingRule(
  alert: Alert,
  { labels, runbookBaseUrl }: { readonly labels: Readonly<Record<string, string>>; readonly runbookBaseUrl: string },
): AlertingRule {
  return {
    alert: alert.name,
    expr: alert.expr,
    for: alert.for,
    labels: { ...labels, severity: alert.severity },
    annotations: {
      summary: alert.summary,
      description: alert.description,
      runbook_url: runbookUrl(runbookBaseUrl, alert.name),
    },
  };
}

/** Selector of the pods of a Deployment, by labels that every Kubernetes scrape configuration sets. */
export function podsOf(namespace: string, deployment: string): string {
  // The hash of the pod template and the pod's own suffix have no dash, so that no longer name matches.
  return `namespace="${namespace}",pod=~"${deployment.replaceAll('.', '[.]')}-[^-]+-[^-]+"`;
}
