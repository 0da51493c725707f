import type { KnownMetric } from './known-metrics.ts';

const OTHERS = /^(?:nodejs|process)_/;

/** The text of `operator/docs/metrics.md`. */
export function operatorMetricsPage(metrics: readonly KnownMetric[]): string {
  const rows = metrics
    .filter(({ name }) => !OTHERS.test(name))
    .map(
      ({ name, type, labels, help }) =>
        `| \`${name}\` | ${type} | ${labels.map((one) => `\`${one}\``).join(', ')} | ${help} |`,
    );
  return `# Metrics of the operator

\`GET /metrics\` on port 8080, in the Prometheus text format; every replica answers, also those that do not lead. Names are
controller-runtime's and client-go's where they have one. Beside these there are Node's own \`process_*\` and \`nodejs_*\`.
Made from the code by \`npm run chart\`.

| Name | Type | Labels | Meaning |
| --- | --- | --- | --- |
${rows.join('\n')}

\`namespace\` and \`name\` of \`flagrelay_relayproxy_*\` are those of the RelayProxy. A scrape configuration must leave them
(\`honorLabels: true\`, as in the chart's ServiceMonitor): else Prometheus calls the first one \`exported_namespace\`, and the
alerts and dashboards find nothing. Each replica reports every RelayProxy: take \`max by (namespace, name)\`, not \`sum\`.
`;
}
