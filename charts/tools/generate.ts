import { readFileSync } from 'node:fs';
import { customResourceDefinitionYaml } from '@flagrelay/crds/definition';
import { runGenerator } from '@flagrelay/crds/generated-files';
import { relayProxySchema } from '@flagrelay/crds/json-schema';
import { dashboardJson } from './dashboards/dashboard.ts';
import { operatorDashboard } from './dashboards/operator.ts';
import { relayDashboard } from './dashboards/relay.ts';
import { operatorMetrics } from './monitoring/known-metrics.ts';
import { operatorMetricsPage } from './monitoring/operator-page.ts';
import { operatorRules } from './monitoring/operator-rules.ts';
import { withValuesTable } from './readme.ts';
import { crdTemplate, generatedTemplates } from './templates.ts';
import { readValues } from './values-file.ts';
import { valuesSchema } from './values-schema.ts';

/** Makes what the chart takes from the code and from its own values file; `--check` tells whether it is up to date. */
const chart = new URL('../flagrelay/', import.meta.url);
const values = readValues(readFileSync(new URL('values.yaml', chart), 'utf8'));
const statusFields = Object.keys(relayProxySchema().properties?.status?.properties ?? {});

const inChart = [
  { name: 'values.schema.json', text: valuesSchema(values) },
  { name: 'README.md', text: withValuesTable(readFileSync(new URL('README.md', chart), 'utf8'), values) },
  { name: 'templates/crds/relayproxies.yaml', text: crdTemplate(customResourceDefinitionYaml()) },
  { name: 'templates/_generated.tpl', text: generatedTemplates(statusFields) },
  { name: 'rules/operator.yaml', text: operatorRules() },
  { name: 'dashboards/relay.json', text: dashboardJson(relayDashboard) },
  { name: 'dashboards/operator.json', text: dashboardJson(operatorDashboard) },
].map(({ name, text }) => ({ name: `charts/flagrelay/${name}`, url: new URL(name, chart), text }));
const files = [
  ...inChart,
  {
    name: 'operator/docs/metrics.md',
    url: new URL('../../operator/docs/metrics.md', import.meta.url),
    text: operatorMetricsPage(await operatorMetrics()),
  },
];

process.exitCode = runGenerator('npm run chart', files, process.argv.slice(2));
