import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { ensurePrograms } from '@flagrelay/e2e/machine/packages';
import { CommandError, run } from '@flagrelay/e2e/machine/run';
import { type AlertingRule, alertingRule } from '@flagrelay/operator/monitoring/alert';
import { operatorAlerts } from '@flagrelay/operator/monitoring/operator-alerts';
import { relayAlerts } from '@flagrelay/operator/monitoring/relay-alerts';
import { stringify } from 'yaml';
import { alertCases, type Series } from './alert-cases.ts';

/** The alerts on series of made-up metrics, judged by Prometheus' own `promtool`. */

const runbookBaseUrl = 'https://runbooks.test';
const rules: readonly AlertingRule[] = [
  ...relayAlerts({ namespace: 'team', name: 'demo', deployment: 'demo-relay' }),
  ...operatorAlerts('ops', 'flagrelay'),
].map((alert) => alertingRule(alert, { labels: { of: 'test' }, runbookBaseUrl }));

describe('alerts', async () => {
  await ensurePrograms(['promtool']);
  const folder = mkdtempSync(join(tmpdir(), 'flagrelay-alerts-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const ruleFile = join(folder, 'rules.yaml');
  writeFileSync(ruleFile, stringify({ groups: [{ name: 'flagrelay', rules }] }));

  /** Lets `promtool` compare what fires with nothing; it fails with what did. */
  async function expectQuiet(series: Series, at: string, alert: string): Promise<void> {
    const file = join(folder, 'test.yaml');
    const tests = [
      {
        interval: '1m',
        input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
        alert_rule_test: [{ eval_time: at, alertname: alert, exp_alerts: [] }],
      },
    ];
    writeFileSync(file, stringify({ rule_files: [ruleFile], evaluation_interval: '1m', tests }));
    await run('promtool', ['test', 'rules', file], { timeoutMs: 30_000 });
  }

  test('are valid rules', async () => {
    const { stdout } = await run('promtool', ['check', 'rules', '--lint-fatal', ruleFile], { timeoutMs: 30_000 });
    assert.match(stdout, new RegExp(`${rules.length} rules found`));
  });

  test('have a case each', () => {
    assert.deepEqual(
      rules.map(({ alert }) => alert),
      alertCases.map(({ alert }) => alert),
    );
  });

  for (const { alert, at, fires, labels, quiet } of alertCases) {
    const rule = rules.find((one) => one.alert === alert);
    assert.ok(rule, alert);

    test(`${alert} fires`, async () => {
      const wanted = Object.entries({ ...rule.labels, ...labels });
      await assert.rejects(expectQuiet(fires, at, alert), (error) => {
        assert.ok(error instanceof CommandError);
        for (const [name, value] of wanted) assert.match(error.message, new RegExp(`got:[^]*${name}="${value}"`));
        return true;
      });
    });

    for (const [why, series] of Object.entries(quiet)) {
      test(`${alert} does not fire: ${why}`, () => expectQuiet(series, at, alert));
    }
  }
});
