import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alertingRule, podsOf, runbookUrl } from './alert.ts';

test('a rule has the severity, the labels of its group and the address of its runbook', () => {
  const rule = alertingRule(
    { name: 'Down', severity: 'critical', for: '1m', expr: 'up == 0', summary: 'Down.', description: 'It is.' },
    { labels: { relayproxy: 'demo' }, runbookBaseUrl: 'https://runbooks.test/' },
  );
  assert.deepEqual(rule, {
    alert: 'Down',
    expr: 'up == 0',
    for: '1m',
    labels: { relayproxy: 'demo', severity: 'critical' },
    annotations: { summary: 'Down.', description: 'It is.', runbook_url: 'https://runbooks.test/Down.md' },
  });
  assert.equal(runbookUrl('https://runbooks.test', 'Up'), 'https://runbooks.test/Up.md');
});

test('pods of a Deployment are selected, and not those of one whose name begins alike', () => {
  const [, pattern = ''] = /pod=~"(.*)"/.exec(podsOf('team', 'a.b-relay')) ?? [];
  const pods = new RegExp(`^(?:${pattern})$`);
  assert.match('a.b-relay-7c9d5f-x2x4z', pods);
  assert.doesNotMatch('a.b-relay-relay-7c9d5f-x2x4z', pods);
  assert.doesNotMatch('axb-relay-7c9d5f-x2x4z', pods);
});
