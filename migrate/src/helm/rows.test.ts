import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stringify } from 'yaml';
import { migrate } from '../migrate.ts';
import { at, merge } from '../part.ts';
import { createReport } from '../report.ts';
import { chartValues } from '../testing/chart-values.ts';
import { isField, valueAt } from '../testing/crd-fields.ts';
import type { Variable } from '../variables.ts';
import { optionsFromValues } from './options.ts';
import type { ValueRow } from './row.ts';
import { VALUE_ROWS } from './rows.ts';

/** What a value needs beside it to have an effect. */
const COMPANY: readonly (readonly [value: RegExp, company: Record<string, unknown>])[] = [
  [/^serviceAccount\.name$/, { 'serviceAccount.create': false }],
  [/^pod\.disruptionBudget\.m/, { 'pod.disruptionBudget.enabled': true }],
  [/^pod\.distruptionBudget\.m/, { 'pod.distruptionBudget.enabled': true }],
  [/^autoscaling\./, { 'autoscaling.enabled': true }],
  [/^relay\.extraVolumeMounts$/, { 'relay.extraVolumes': chartValues['relay.extraVolumes'] }],
  [/^pod\.dnsPolicy$/, { 'pod.dnsConfig': chartValues['pod.dnsConfig'] }],
  [/^ingress\./, { 'ingress.enabled': true, 'ingress.hosts': chartValues['ingress.hosts'] }],
  [
    /^httpRoute\./,
    {
      'httpRoute.enabled': true,
      'httpRoute.parentRefs': chartValues['httpRoute.parentRefs'],
      'httpRoute.rules': chartValues['httpRoute.rules'],
    },
  ],
  [
    /^relay\.volume\./,
    { 'relay.volume.offline': 'flags.tar.gz', 'relay.volume.definition': chartValues['relay.volume.definition'] },
  ],
];
/** Something to serve. */
const BASE = { 'relay.environment': { LD_ENV_one: 'sdk-one' } };

function migrated(values: Record<string, unknown>, beside: Record<string, Variable> = {}) {
  const tree = merge(Object.entries(values).map(([path, value]) => at(path, value)));
  const text = stringify(tree);
  const sources = { variables: new Map(Object.entries(beside)) };
  return migrate(optionsFromValues({ text, name: 'values.yaml' }, sources, () => undefined, createReport()));
}

function rowFor(path: string): ValueRow | undefined {
  return VALUE_ROWS.find((row) => row.path === path || path.startsWith(`${row.path}.`));
}

test('every value of the chart has a row, and no row is for another', () => {
  for (const path of Object.keys(chartValues)) assert.ok(rowFor(path), path);
  for (const { path } of VALUE_ROWS) {
    assert.ok(
      Object.keys(chartValues).some((value) => value === path || value.startsWith(`${path}.`)),
      path,
    );
  }
});

for (const [path, value] of Object.entries(chartValues)) {
  const row = rowFor(path);
  test(`${path}: ${row?.field ?? 'is reported'}`, () => {
    assert.ok(row);
    const company = COMPANY.find(([pattern]) => pattern.test(path))?.[1] ?? {};
    const base = path.startsWith('relay.volume.') ? {} : BASE;
    const { relayProxy, notes } = migrated({ ...base, ...company, [path]: value });
    const said = notes.filter(
      ({ subject }) => subject.startsWith(path) || path.startsWith(subject.split(' ')[0] ?? '-'),
    );
    if (row.field === undefined) {
      assert.equal(said.length, 1, JSON.stringify(notes));
      assert.match(said[0]?.subject ?? '', /\(values\.yaml line \d+\)$/);
      assert.match(said[0]?.text ?? '', /\. Instead: ./);
      return;
    }
    assert.ok(isField(row.field), `${row.field} is no field`);
    const place = row.field.startsWith('metadata.')
      ? valueAt(relayProxy, row.field)
      : valueAt(relayProxy.spec, row.field);
    const asked = said.some(({ kind }) => kind === 'todo');
    assert.ok(place !== undefined || asked || isDefault(path), JSON.stringify({ relayProxy, notes }));
  });
}

/** A budget without numbers is the RelayProxy's own. */
function isDefault(path: string): boolean {
  return /Budget\.enabled$/.test(path);
}

test('values that are empty, or those of the chart, say nothing', () => {
  const empty = { ingress: { enabled: false, hosts: [], className: '' }, relay: { lifecycle: {}, command: [] } };
  const { notes } = migrated({ ...BASE, ...empty, 'relay.environment': BASE['relay.environment'] });
  assert.deepEqual(
    notes.filter(({ kind }) => kind === 'lost' || kind === 'todo'),
    [],
  );
});

test('variables count as they do in Kubernetes: a Secret, then relay.environment, then relay.secrets and relay.environmentVariables', () => {
  const values = {
    'relay.envFromSecret': 'env',
    'relay.environment': { LD_ENV_one: 'sdk-one', HEARTBEAT_INTERVAL: '20s', DISCONNECTED_STATUS_TIME: '20s' },
    'relay.environmentVariables': [{ name: 'DISCONNECTED_STATUS_TIME', value: '30s' }],
  };
  const ofSecret = (key: string, value: string): Variable => ({
    value,
    ref: { name: 'env', key },
    origin: 'secret.yaml',
  });
  const { relayProxy } = migrated(values, {
    INIT_TIMEOUT: ofSecret('INIT_TIMEOUT', '11s'),
    HEARTBEAT_INTERVAL: ofSecret('HEARTBEAT_INTERVAL', '12s'),
    LD_MOBILE_KEY_one: ofSecret('LD_MOBILE_KEY_one', 'mob-one'),
  });
  assert.equal(relayProxy.spec.upstream?.initTimeoutSeconds, 11);
  assert.equal(relayProxy.spec.streaming?.heartbeatPeriodSeconds, 20);
  assert.equal(relayProxy.spec.upstream?.disconnectedAfterSeconds, 30);
  assert.deepEqual(relayProxy.spec.environments?.[0]?.mobileKeyRef, { name: 'env', key: 'LD_MOBILE_KEY_one' });
});

test('a value that the API refuses is told with its line', () => {
  assert.throws(
    () => migrated({ ...BASE, replicaCount: 'many' }),
    /replicaCount \(values\.yaml line \d+\): the RelayProxy would be refused: spec\.replicas: must be of type integer/,
  );
  assert.throws(
    () => migrated({ 'relay.environment': { LD_ENV_one: 'sdk-one', LD_CLIENT_SIDE_ID_one: 'not an id' } }),
    /LD_CLIENT_SIDE_ID_one \(relay\.environment\.LD_CLIENT_SIDE_ID_one \(values\.yaml line \d+\)\): the RelayProxy would be refused/,
  );
});

test('a file that the values name is asked for', () => {
  assert.throws(
    () => migrated({ 'relay.volume.config': 'ld-relay.conf' }),
    /the values name a configuration file, ld-relay\.conf/,
  );
});
