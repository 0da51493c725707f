import assert from 'node:assert/strict';
import { apiVersion, kind, parseRelayProxy, type RelayProxy, type RelayProxySpecManifest } from '@flagrelay/crds';
import type { Facts } from '../resources/facts.ts';

/** Facts for tests of builders. */
export const testFacts: Facts = {
  relayImage: 'registry.test/relay:1.2.3',
  runbookBaseUrl: 'https://runbooks.test',
  version: '1.2.3',
  replicas: 3,
};

/** One environment with the least that it needs. */
export const production = { name: 'production', sdkKeyRef: { name: 'keys', key: 'sdk' } };

/** What a spec in mode 'Daemon' needs. */
export const daemon = { mode: 'Daemon', store: { redis: { url: 'redis://redis:6379' } } } as const;

/** A RelayProxy `team/demo` as the operator has it in hand: parsed, with defaults; one environment unless `spec` says otherwise. */
export function testRelayProxy(spec: RelayProxySpecManifest = {}): RelayProxy {
  const hasSource = spec.environments ?? spec.autoConfig ?? spec.offline;
  const result = parseRelayProxy({
    apiVersion,
    kind,
    metadata: { name: 'demo', namespace: 'team', uid: 'uid-demo', generation: 1 },
    spec: hasSource ? spec : { ...spec, environments: [production] },
  });
  assert.ok(result.ok, JSON.stringify(result));
  return result.value;
}
