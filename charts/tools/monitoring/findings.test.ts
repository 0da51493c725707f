import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Alert } from '@flagrelay/operator/monitoring/alert';
import { createChecker } from './check.ts';
import { alertProblems, dashboardProblems, fieldProblems, RUNBOOK_SECTIONS, runbookProblems } from './findings.ts';

const checker = createChecker([{ name: 'up_total', type: 'counter', help: '', labels: ['kind'] }]);
const alert: Alert = {
  name: 'Down',
  severity: 'critical',
  for: '1m',
  expr: 'sum by (kind) (up_total) == 0',
  summary: 'It is down.',
  description: '{{ $labels.kind }} is.',
};
const text = (title: string): string => [`# ${title}`, ...RUNBOOK_SECTIONS.map((name) => `## ${name}`)].join('\n\n');

test('alerts: unknown labels in texts, two of one name, half sentences', () => {
  assert.deepEqual(alertProblems([alert], checker), []);
  const bad = { ...alert, summary: 'No end', description: '{{ $labels.pod }}.' };
  const problems = alertProblems([alert, bad], checker).join('\n');
  assert.match(problems, /Down: its results have no label pod/);
  assert.match(problems, /Down: there are two/);
  assert.match(problems, /full stop: No end/);
});

test('runbooks: missing, orphaned, incomplete, with dead links', () => {
  const good = { name: 'Down.md', text: text('Down') };
  assert.deepEqual(
    runbookProblems(['Down'], [good], () => false),
    [],
  );
  assert.match(runbookProblems(['Down'], [], () => false).join(), /no runbooks\/Down\.md/);
  assert.match(runbookProblems([], [good], () => false).join(), /no alert of this name/);
  const bad = { name: 'Down.md', text: '# Up\n\nSee [it](Other.md), [this](https://example.com).\n' };
  const problems = runbookProblems(['Down'], [bad], () => false).join('\n');
  assert.match(problems, /must begin with "# Down"/);
  assert.match(problems, /must have the sections/);
  assert.match(problems, /links to Other\.md/);
  assert.doesNotMatch(problems, /example\.com/);
});

test('runbooks: fields that a RelayProxy does not have', () => {
  const list = { type: 'array', items: { properties: { state: {} } } };
  const schema = { properties: { spec: { properties: { replicas: {} } }, status: { properties: { pods: list } } } };
  const runbook = {
    name: 'Down.md',
    text: '`spec.replicas`, {.status.pods[*]}{.name}, `status.pods[].state`, `spec.replica`',
  };
  assert.deepEqual(fieldProblems(runbook, schema), [
    'runbooks/Down.md: there is no field spec.replica in a RelayProxy',
  ]);
});

test('dashboards: unknown names in panels, legends and variables', () => {
  const target = (expr: string, legendFormat = '') => ({ panels: [{ targets: [{ expr, legendFormat }] }] });
  assert.deepEqual(dashboardProblems('a', target('sum by (kind) (up_total)', '{{kind}}'), checker), []);
  assert.match(dashboardProblems('a', target('down_total'), checker).join(), /dashboards\/a: there is no metric/);
  assert.match(dashboardProblems('a', target('sum(up_total)', '{{kind}}'), checker).join(), /no label kind/);
  const variable = { query: 'label_values(up_total{kind="x"}, colour)' };
  assert.match(dashboardProblems('a', { ...target('up_total'), variable }, checker).join(), /the label colour/);
  assert.match(dashboardProblems('a', {}, checker).join(), /has no query/);
});
