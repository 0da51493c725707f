import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError, parseConfig } from './config.ts';
import { version } from './version.ts';

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    parseConfig(env);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.problems;
  }
  return [];
}

test('an empty environment gives the defaults, without leader election', () => {
  assert.deepEqual(parseConfig({ POD_NAME: 'me' }), {
    relayImage: `ghcr.io/flagrelay/relay:${version}`,
    watchNamespaces: undefined,
    logLevel: 'info',
    logFormat: 'json',
    concurrency: 4,
    requestLimit: undefined,
    runbookBaseUrl: 'https://github.com/flagrelay/flagrelay/blob/main/charts/flagrelay/runbooks',
    podName: 'me',
    namespace: undefined,
    disabledFeatures: [],
    leaderElection: undefined,
    metricsPort: 8080,
    probePort: 8081,
    limits: { maxConcurrentRollouts: 1, rolloutDelayMs: 0, healStuckAfterMs: 300_000, askPodsPeriodMs: 30_000 },
  });
});

test('WATCH_NAMESPACES is a list; an empty one means the whole cluster', () => {
  assert.deepEqual(parseConfig({ WATCH_NAMESPACES: 'team-b, team-a,team-b' }).watchNamespaces, ['team-a', 'team-b']);
  assert.equal(parseConfig({ WATCH_NAMESPACES: '' }).watchNamespaces, undefined);
});

test('DISABLED_FEATURES names kinds that can be switched off, and no other', () => {
  const { disabledFeatures } = parseConfig({ DISABLED_FEATURES: 'serviceMonitor, httpRoute' });
  assert.deepEqual(disabledFeatures, ['httpRoute', 'serviceMonitor']);
  assert.match(problemsOf({ DISABLED_FEATURES: 'deployment' }).join(), /DISABLED_FEATURES: must be .* httpRoute/);
});

test('the Lease is kept in the own namespace unless another is named', () => {
  assert.equal(parseConfig({ POD_NAMESPACE: 'ops' }).leaderElection?.namespace, 'ops');
  const both = { POD_NAMESPACE: 'ops', LEADER_ELECTION_NAMESPACE: 'leases' };
  assert.equal(parseConfig(both).leaderElection?.namespace, 'leases');
});

test('leader election can be switched off, and its times must fit', () => {
  assert.equal(parseConfig({ POD_NAMESPACE: 'ops', LEADER_ELECTION: 'false' }).leaderElection, undefined);
  assert.deepEqual(parseConfig({ POD_NAMESPACE: 'ops', LEASE_DURATION_SECONDS: '60' }).leaderElection, {
    namespace: 'ops',
    leaseDurationMs: 60_000,
    renewDeadlineMs: 10_000,
    retryPeriodMs: 2000,
  });
  assert.deepEqual(problemsOf({ LEASE_DURATION_SECONDS: '10', RETRY_PERIOD_SECONDS: '9' }), [
    'LEASE_DURATION_SECONDS: must be above RENEW_DEADLINE_SECONDS (10), but is 10',
    'RENEW_DEADLINE_SECONDS: must be above 1.2 times RETRY_PERIOD_SECONDS (9), but is 10',
  ]);
});

test('metrics can be switched off, and requests be limited', () => {
  assert.equal(parseConfig({ METRICS_ENABLED: 'false' }).metricsPort, undefined);
  assert.deepEqual(parseConfig({ KUBE_QPS: '20' }).requestLimit, { perSecond: 20, burst: 50 });
  assert.match(
    problemsOf({ KUBE_QPS: '-1' }).join(),
    /^KUBE_QPS: must be a whole number from 0 to 10000, but is "-1"$/,
  );
});

test('every mistake is named at once, with the variable and what is allowed', () => {
  const problems = problemsOf({
    LOG_LEVEL: 'loud',
    METRICS_PORT: '99999',
    PROBE_PORT: 'http',
    RELAY_IMAGE: 'a b',
    WATCH_NAMESPACES: 'ok,Not_OK',
  });
  assert.equal(problems.length, 5);
  assert.ok(problems.includes('LOG_LEVEL: must be one of error, warn, info, debug, but is "loud"'));
  assert.ok(problems.includes('METRICS_PORT: must be a port number from 0 to 65535, but is "99999"'));
  assert.match(problems.join('\n'), /^WATCH_NAMESPACES: must be the name of a namespace .*"ok,Not_OK"$/m);
});

test('inside a cluster the namespace of the Lease must be known', () => {
  assert.match(problemsOf({ KUBERNETES_SERVICE_HOST: '10.96.0.1' }).join(), /POD_NAMESPACE: must be set inside/);
  assert.deepEqual(problemsOf({ KUBERNETES_SERVICE_HOST: '10.96.0.1', POD_NAMESPACE: 'ops' }), []);
});
