import { INPUTS } from '../src/files/absences.ts';
import { METRICS, type MetricDefinition } from '../src/telemetry/metrics.ts';

/** The text of `docs/metrics.md`. */
export function metricsPage(): string {
  const rows = Object.values(METRICS as Record<string, MetricDefinition>).map(
    ({ name, type, labels, help }) =>
      `| \`${name}\` | ${type} | ${labels.map((one) => `\`${one}\``).join(', ')} | ${help} |`,
  );
  return `# Metrics

\`GET /metrics\` on the ops port (8031), in the Prometheus text format. Beside these there are Node's own \`process_*\` and
\`nodejs_*\`; with \`USE_PROMETHEUS\` also ld-relay's names. Made from \`src/telemetry/metrics.ts\` by \`node relay/tools/docs.ts\`.

| Name | Type | Labels | Meaning |
| --- | --- | --- | --- |
${rows.join('\n')}

Label values come from the configuration or from fixed sets: \`environment\` is the name in \`/status\`, \`route\` an endpoint of
the route table, \`kind\` one of \`all\`, \`flags\`, \`ping\`, \`fdv2\`, \`platform\` one of \`server\`, \`mobile\`, \`browser\`,
\`operation\` one of \`load\`, \`replace\`, \`upsert\`, \`check\`, \`state\` one of \`INITIALIZING\`, \`VALID\`, \`INTERRUPTED\`, \`OFF\`,
\`input\` one of ${INPUTS.map((input) => `\`${input}\``).join(', ')}.
`;
}
