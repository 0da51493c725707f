import type { SchemaNode } from '@flagrelay/crds/json-schema';
import type { Alert } from '@flagrelay/operator/monitoring/alert';
import { type Checker, labelsInText } from './check.ts';

/** A runbook as it is on disk. */
export interface Runbook {
  /** Name of the file. */
  readonly name: string;
  readonly text: string;
}

/** What every runbook tells, in this order. */
export const RUNBOOK_SECTIONS = ['What it means', 'Impact', 'How to see it', 'How to fix it', 'When it is no problem'];

/** What is wrong with alerts: names that are there twice, texts without an end, and expressions that the code does not bear out. */
export function alertProblems(alerts: readonly Alert[], checker: Checker): string[] {
  return alerts.flatMap(({ name, expr, summary, description }, index) => {
    const problems = checker.problems(expr, labelsInText(`${summary} ${description}`));
    if (alerts.findIndex((other) => other.name === name) !== index) problems.push('there are two of this name');
    for (const text of [summary, description]) {
      if (!text.endsWith('.')) problems.push(`must end with a full stop: ${text}`);
    }
    return problems.map((problem) => `alert ${name}: ${problem}`);
  });
}

/**
 * Alerts without a runbook, runbooks without an alert or without one of {@link RUNBOOK_SECTIONS}, and links to nowhere.
 * @param exists whether there is a file, by its path from the chart's folder
 */
export function runbookProblems(
  alerts: readonly string[],
  runbooks: readonly Runbook[],
  exists: (path: string) => boolean,
): string[] {
  const missing = alerts
    .filter((alert) => !runbooks.some(({ name }) => name === `${alert}.md`))
    .map((alert) => `alert ${alert}: there is no runbooks/${alert}.md`);
  return [...missing, ...runbooks.flatMap((runbook) => problemsOf(runbook, alerts, exists))];
}

function problemsOf({ name, text }: Runbook, alerts: readonly string[], exists: (path: string) => boolean): string[] {
  const alert = name.replace(/\.md$/, '');
  const problems: string[] = [];
  if (!alerts.includes(alert)) problems.push('there is no alert of this name');
  if (!text.startsWith(`# ${alert}\n`)) problems.push(`must begin with "# ${alert}"`);
  const sections = [...text.matchAll(/^## (.+)$/gm)].map(([, title]) => title as string);
  if (sections.join() !== RUNBOOK_SECTIONS.join()) {
    problems.push(`must have the sections ${RUNBOOK_SECTIONS.join(', ')}, but has ${sections.join(', ')}`);
  }
  for (const [, target] of text.matchAll(/\]\(([^)#]+)/g)) {
    const path = target as string;
    if (!/^https?:/.test(path) && !exists(`runbooks/${path}`)) problems.push(`links to ${path}, which is not there`);
  }
  return problems.map((problem) => `runbooks/${name}: ${problem}`);
}

/** Fields of a RelayProxy (`spec.x.y`, `status.x[].y`) that a runbook names and the schema does not have. */
export function fieldProblems({ name, text }: Runbook, schema: SchemaNode): string[] {
  const paths = [...text.matchAll(/(?<![\w/])(?:spec|status)(?:\.[a-z]\w*(?:\[[^\]]*\])?)+/gi)].map(([path]) => path);
  const isThere = (path: string): boolean => {
    let node: SchemaNode | undefined = schema;
    for (const key of path.replace(/\[[^\]]*\]/g, '').split('.')) {
      const parent: SchemaNode | undefined = node?.items ?? node;
      node = parent?.properties?.[key] ?? parent?.additionalProperties;
    }
    return node !== undefined;
  };
  return [...new Set(paths)]
    .filter((path) => !isThere(path))
    .map((path) => `runbooks/${name}: there is no field ${path} in a RelayProxy`);
}

/** What is wrong with a dashboard in Grafana's format: expressions, legends and queries of variables. */
export function dashboardProblems(name: string, dashboard: unknown, checker: Checker): string[] {
  const problems: string[] = [];
  let queries = 0;
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    const { expr, legendFormat = '', query } = node as Record<string, unknown>;
    if (typeof expr === 'string') {
      queries += 1;
      problems.push(...checker.problems(expr, labelsInText(String(legendFormat))));
    }
    const values = typeof query === 'string' ? /^label_values\((.+), (\w+)\)$/.exec(query) : null;
    // The label that is asked for is checked as if it were selected by.
    if (values) problems.push(...checker.problems(`count by (${values[2]}) (${values[1]})`));
    for (const child of Object.values(node)) walk(child);
  };
  walk(dashboard);
  if (queries === 0) problems.push('has no query');
  return problems.map((problem) => `dashboards/${name}: ${problem}`);
}
