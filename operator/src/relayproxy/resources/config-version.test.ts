import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RelayProxySpecManifest } from '@flagrelay/crds';
import { production, testFacts, testRelayProxy } from '../testing/test-relay-proxy.ts';
import { configVersion } from './config-version.ts';

const version = (spec: RelayProxySpecManifest = {}, facts = testFacts) => configVersion(testRelayProxy(spec), facts);
const environment = (change: object): RelayProxySpecManifest => ({ environments: [{ ...production, ...change }] });

const others: [what: string, spec: RelayProxySpecManifest][] = [
  ['a renamed environment', environment({ name: 'prod' })],
  ['another environment', { environments: [production, { name: 'two', sdkKeyRef: { name: 'keys', key: 'two' } }] }],
  ['a new key', environment({ mobileKeyRef: { name: 'keys', key: 'mobile' } })],
  // The document does not name Secrets: the files of a pod's volumes are what is different.
  ['the same key of another Secret', environment({ sdkKeyRef: { name: 'keys-abc', key: 'sdk' } })],
  ['another source of environments', { autoConfig: { keyRef: { name: 'ld', key: 'auto' } } }],
  ['TLS', { tls: { secretRef: { name: 'cert' } } }],
  ['a port that needs a sysctl', { service: { port: 443 } }],
  ['another image', { image: 'other' }],
];

for (const [what, spec] of others) {
  test(`${what} is a configuration for other pods`, () => assert.notEqual(version(spec), version()));
}

test('what running pods take up is written to the configuration that they have', () => {
  assert.equal(
    version(environment({ allowedOrigins: ['https://a.example'], clientSideID: 'x', secureMode: true })),
    version(),
  );
});

test('what is of pods and not of their configuration makes no other one', () => {
  assert.equal(version({ podTemplate: { nodeSelector: { disk: 'ssd' } }, replicas: 7 }), version());
  assert.equal(version({}, { ...testFacts, version: '9.9.9' }), version());
});
