import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clusterPermissions, leaderElectionPermissions, type PolicyRule, permissions } from './permissions.ts';

const all = [...permissions, ...clusterPermissions, ...leaderElectionPermissions];
const sortKey = (rule: PolicyRule): string => `${rule.apiGroups.join()}/${rule.resources.join()}`;

test('no rule reaches Secrets or uses a wildcard', () => {
  for (const rule of all) {
    assert.ok(!rule.resources.includes('secrets'));
    assert.ok(![...rule.apiGroups, ...rule.resources, ...rule.verbs].includes('*'));
  }
});

test('rules, resources and verbs are sorted, so that a diff of the chart shows what changed', () => {
  const keys = permissions.map(sortKey);
  assert.deepEqual(keys, [...keys].sort());
  for (const rule of all) {
    assert.deepEqual(rule.verbs, [...rule.verbs].sort());
    assert.deepEqual(rule.resources, [...rule.resources].sort());
  }
});

test('the operator has what the Roles of relays grant, or the API server refuses them as escalation', () => {
  const status = permissions.find((rule) => rule.resources.includes('relayproxies/status'));
  assert.deepEqual(status?.verbs, ['get', 'patch']);
  const leases = permissions.find((rule) => rule.resources.includes('leases'));
  for (const verb of ['get', 'update']) assert.ok(leases?.verbs.includes(verb), verb);
});
