import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { relayProxySchema } from '@flagrelay/crds/json-schema';
import { operatorAlerts } from '@flagrelay/operator/monitoring/operator-alerts';
import { relayAlerts } from '@flagrelay/operator/monitoring/relay-alerts';
import { createChecker } from './check.ts';
import { alertProblems, dashboardProblems, fieldProblems, runbookProblems } from './findings.ts';
import { operatorMetrics, relayMetrics } from './known-metrics.ts';

/**
 * `node charts/tools/monitoring/lint.ts`: every metric and label in an alert or a dashboard must be registered by the code,
 * every alert must have a runbook, every runbook an alert, and the fields that runbooks name must exist. Exit code 1 otherwise.
 */
const chart = new URL('../../flagrelay/', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, chart), 'utf8');
const relay = await relayMetrics();
const operator = await operatorMetrics();
const checker = createChecker([...relay, ...operator]);
const alerts = [
  ...relayAlerts({ namespace: 'team', name: 'demo', deployment: 'demo-relay' }),
  ...operatorAlerts('flagrelay-system', 'flagrelay'),
];
const runbooks = readdirSync(new URL('runbooks/', chart)).map((name) => ({ name, text: read(`runbooks/${name}`) }));
const dashboards = readdirSync(new URL('dashboards/', chart));
const names = alerts.map(({ name }) => name);

const problems = [
  ...alertProblems(alerts, checker),
  ...runbookProblems(names, runbooks, (path) => existsSync(new URL(path, chart))),
  ...runbooks.flatMap((runbook) => fieldProblems(runbook, relayProxySchema())),
  ...dashboards.flatMap((name) => dashboardProblems(name, JSON.parse(read(`dashboards/${name}`)), checker)),
];
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
