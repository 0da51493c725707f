import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RelayProxy, RelayProxySpecManifest } from '@flagrelay/crds';
import { nameCollision, neighbourNames } from './name-collisions.ts';
import { daemon, testRelayProxy } from './testing/test-relay-proxy.ts';

const monitored: RelayProxySpecManifest = { metrics: { serviceMonitor: { enabled: true } } };

function named(name: string, spec: RelayProxySpecManifest = {}): RelayProxy {
  const made = testRelayProxy(spec);
  return { ...made, metadata: { ...made.metadata, name } };
}

function both(a: RelayProxy, b: RelayProxy): (string | undefined)[] {
  const find = (name: string) => [a, b].find(({ metadata }) => metadata.name === name);
  return [nameCollision(a, find), nameCollision(b, find)];
}

test('two that need the same Service are both told, in the same words', () => {
  const [x, metrics] = both(named('x', monitored), named('x-metrics'));
  assert.match(x ?? '', /both need a Service "x-metrics"/);
  assert.equal(metrics, x);
});

test('without a ServiceMonitor, or without a Service for SDKs, nobody is in the way', () => {
  assert.deepEqual(both(named('x'), named('x-metrics')), [undefined, undefined]);
  assert.deepEqual(both(named('x', monitored), named('x-metrics', daemon)), [undefined, undefined]);
  assert.deepEqual(both(named('x', monitored), named('y-metrics')), [undefined, undefined]);
});

test('each is looked at when the other one changes', () => {
  assert.ok(neighbourNames('x').includes('x-metrics'));
  assert.ok(neighbourNames('x-metrics').includes('x'));
});
