import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ensurePrograms } from '@flagrelay/e2e/machine/packages';
import { run } from '@flagrelay/e2e/machine/run';
import { stringify } from 'yaml';
import { chartFolder } from './programs.ts';

/** Every `expr` in a dashboard. */
function queriesOf(node: unknown): string[] {
  if (typeof node !== 'object' || node === null) return [];
  const { expr } = node as { expr?: unknown };
  return [...(typeof expr === 'string' ? [expr] : []), ...Object.values(node).flatMap(queriesOf)];
}

test('the queries of the dashboards are PromQL', async (t) => {
  await ensurePrograms(['promtool']);
  const folder = mkdtempSync(join(tmpdir(), 'flagrelay-dashboards-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of readdirSync(join(chartFolder, 'dashboards'))) {
    const queries = queriesOf(JSON.parse(readFileSync(join(chartFolder, 'dashboards', name), 'utf8')));
    assert.ok(queries.length > 10, name);
    // As Grafana fills in its variables; a rule is what promtool can check.
    const rules = queries.map((query, index) => ({
      record: `query_${index}`,
      expr: query.replaceAll('$__rate_interval', '5m').replace(/\$\w+/g, 'value'),
    }));
    const file = join(folder, `${name}.yaml`);
    writeFileSync(file, stringify({ groups: [{ name, rules }] }));
    const { stdout } = await run('promtool', ['check', 'rules', file], { timeoutMs: 30_000 });
    assert.match(stdout, new RegExp(`${queries.length} rules found`));
  }
});
