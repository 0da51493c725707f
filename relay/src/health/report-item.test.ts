import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type EnvironmentFacts,
  type InstanceFacts,
  reportItem,
  steadyCount,
  twoSignificantDigits,
} from './report-item.ts';

const identity = { name: 'relay-a', namespace: 'flags', uid: 'u-1', zone: 'zone-a', version: '0.1.0', relayProxy: 'r' };

function facts(environments: readonly EnvironmentFacts[]): InstanceFacts {
  return { ready: true, connections: 1234, connectedEnvironments: 1, environments, configHash: 'abc' };
}

test('a key that is missing says since when and whether it is served all the same; so do other inputs, and what waits', () => {
  const item = reportItem(identity, {
    ...facts([{ name: 'a', state: 'CredentialMissing', served: true, since: 5_000 }]),
    absences: [
      { input: 'redisCredentials', since: 9_000 },
      { input: 'tlsCertificate', since: 9_000, files: ['/etc/tls.key'] },
    ],
    held: ['server', 'x'.repeat(300)],
  });
  assert.deepEqual(item.unhealthy, [
    { name: 'a', state: 'CredentialMissing', served: true, lastTransitionTime: '1970-01-01T00:00:05Z' },
  ]);
  assert.deepEqual(item.missingInputs, [
    { name: 'redisCredentials', since: '1970-01-01T00:00:09Z' },
    { name: 'tlsCertificate', since: '1970-01-01T00:00:09Z', files: ['/etc/tls.key'] },
  ]);
  assert.deepEqual(
    item.heldConfig?.map((part) => part.length),
    [6, 256],
  );
  assert.deepEqual(
    Object.keys(reportItem(identity, facts([]))).filter((key) => /missing|held/.test(key)),
    [],
  );
});

test('keys before a rotation that were never there are an input, once for all filters of an environment, and no illness', () => {
  const production = {
    state: 'VALID',
    since: 1_000,
    awaitedPrevious: { file: '/keys/production', since: 7_000 },
  } as const;
  const item = reportItem(
    identity,
    facts([
      { name: 'production', ...production },
      { name: 'production/filter', ...production },
      { name: 'two', state: 'VALID', since: 1_000, awaitedPrevious: { file: '/keys/two', since: 8_000 } },
    ]),
  );
  assert.deepEqual(item.unhealthy, []);
  assert.deepEqual(item.missingInputs, [
    { name: 'previousKeys', since: '1970-01-01T00:00:07Z', files: ['/keys/production', '/keys/two'] },
  ]);
});

test('environments that accept a key before a rotation are named, the first 32', () => {
  const environments = Array.from({ length: 40 }, (_, index) => ({
    ...{ name: `e${String(index).padStart(2, '0')}`, state: 'VALID' as const, since: 5 },
    hasPrevious: index > 0,
  })).reverse();
  const { previousKeys = [] } = reportItem(identity, facts(environments));
  assert.deepEqual([previousKeys.length, previousKeys[0], previousKeys.at(-1)], [32, 'e01', 'e32']);
});

test('an environment that is VALID is only counted', () => {
  assert.deepEqual(reportItem(identity, facts([{ name: 'prod', state: 'VALID', since: 5 }])), {
    name: 'relay-a',
    uid: 'u-1',
    zone: 'zone-a',
    version: '0.1.0',
    ready: true,
    connections: 1200,
    connectedEnvironments: 1,
    totalEnvironments: 1,
    configHash: 'abc',
    unhealthy: [],
  });
});

test('the others are listed by name with their last error, shortened to 256 characters', () => {
  const time = Date.parse('2026-11-21T10:00:00.900Z');
  const lastError = { kind: 'NETWORK_ERROR' as const, time, message: `${'x'.repeat(254)}😀y` };
  const item = reportItem(
    identity,
    facts([
      { name: 'test', state: 'INTERRUPTED', since: time, lastError },
      { name: 'prod', state: 'CredentialMissing', since: time },
    ]),
  );
  assert.deepEqual(
    item.unhealthy.map((environment) => environment.name),
    ['prod', 'test'],
  );
  const error = item.unhealthy[1]?.lastError;
  assert.equal(item.unhealthy[1]?.lastTransitionTime, '2026-11-21T10:00:00Z');
  assert.equal(error?.time, '2026-11-21T10:00:00Z');
  const message = error?.message ?? '';
  assert.ok(message !== '' && [...message].length <= 256 && message.isWellFormed());
});

test('an environment whose store is interrupted is listed, one with a good store is not', () => {
  const item = reportItem(
    identity,
    facts([
      { name: 'a', state: 'VALID', since: 0, storeState: 'VALID' },
      { name: 'b', state: 'VALID', since: 0, storeState: 'INTERRUPTED' },
    ]),
  );
  assert.deepEqual(item.unhealthy, [
    { name: 'b', state: 'VALID', lastTransitionTime: '1970-01-01T00:00:00Z', storeState: 'INTERRUPTED' },
  ]);
});

test('at most 100 environments are listed', () => {
  const many = Array.from({ length: 400 }, (_, i): EnvironmentFacts => {
    const state = (['OFF', 'INTERRUPTED', 'INITIALIZING', 'VALID'] as const)[i % 4] ?? 'OFF';
    return { name: `e${i}`, state, since: 0 };
  });
  const item = reportItem(identity, facts(many));
  assert.equal(item.unhealthy.length, 100);
  assert.equal(item.totalEnvironments, 400);
});

test('what most environments have in common is one item, and those that differ have their own', () => {
  const all = Array.from({ length: 20 }, (_, i): EnvironmentFacts => {
    return { name: `e${i}`, state: i === 3 ? 'VALID' : i === 4 ? 'OFF' : 'INTERRUPTED', since: 1000 * i };
  });
  const { unhealthy } = reportItem(identity, facts(all));
  assert.deepEqual(
    unhealthy.map(({ name, state, lastTransitionTime }) => [name, state, lastTransitionTime?.slice(-3)]),
    [
      ['*', 'INTERRUPTED', '19Z'],
      ['e3', 'VALID', '03Z'],
      ['e4', 'OFF', '04Z'],
    ],
  );
  assert.equal(reportItem(identity, facts(all.slice(5, 9))).unhealthy.length, 4, 'a few are listed by name');
  const half = all.map((one, i): EnvironmentFacts => ({ ...one, state: i % 2 ? 'VALID' : 'OFF' }));
  assert.equal(reportItem(identity, facts(half)).unhealthy.length, 10, 'no shorter with a common item');
});

test('a rotation of keys is told by its time', () => {
  const item = reportItem(identity, { ...facts([]), credentialsRotatedAt: Date.parse('2026-11-21T10:00:00Z') });
  assert.equal(item.credentialsRotatedTime, '2026-11-21T10:00:00Z');
});

test('connections are rounded to two significant digits', () => {
  assert.deepEqual(
    [0, 7, 99, 104, 105, 1249, 1250, 99_600].map(twoSignificantDigits),
    [0, 7, 99, 100, 110, 1200, 1300, 100_000],
  );
});

test('a number of connections that swings a little is reported once', () => {
  const cases: [before: number | undefined, count: number, expected: number][] = [
    [undefined, 1249, 1200],
    [1200, 1251, 1200],
    [1200, 1140, 1200],
    [1200, 1270, 1300],
    [1200, 1139, 1100],
    [3, 4, 4],
    [20, 21, 20],
    [20, 22, 22],
    [5, 0, 0],
    [0, 1, 1],
  ];
  for (const [before, count, expected] of cases)
    assert.equal(steadyCount(before, count), expected, `${before} ${count}`);
});

test('a digest of keys is reported only as a revision', () => {
  const digest = 'f'.repeat(64);
  const item = reportItem(identity, { ...facts([]), credentialsDigest: digest });
  assert.match(item.keyRevision ?? '', /^[0-9a-f]{4}$/);
  assert.ok(!JSON.stringify(item).includes(digest));
});
