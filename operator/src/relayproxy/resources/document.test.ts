import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { RelayProxySpecManifest } from '@flagrelay/crds';
import { relayDocument as schema } from '@flagrelay/relay/config-document';
import { daemon, production, testRelayProxy } from '../testing/test-relay-proxy.ts';
import { relayDocument, restartPart } from './document.ts';

const ref = (name: string, key: string) => ({ name, key });

/** Every field that the document takes over. */
const everything: RelayProxySpecManifest = {
  environments: [
    {
      ...production,
      sdkKeyPreviousRef: ref('keys', 'old'),
      mobileKeyRef: ref('keys', 'mobile'),
      clientSideID: 'abc123',
      secureMode: true,
      allowedOrigins: ['https://app.example.com'],
      allowedHeaders: ['X-Tenant'],
      prefix: 'prod',
      cacheMaxAgeSeconds: 30,
      logLevel: 'debug',
    },
    { name: 'file', sdkKeyRef: ref('keys', 'file'), data: { configMapKeyRef: ref('flags', 'flags.yaml') } },
  ],
  store: {
    redis: {
      urlRef: ref('redis', 'url'),
      usernameRef: ref('redis', 'user'),
      passwordRef: ref('redis', 'password'),
      caRef: ref('redis', 'ca'),
      cachePolicy: 'TTL',
      cacheTTLSeconds: 60,
    },
  },
  upstream: {
    streamURI: 'http://upstream:8030',
    baseURI: 'http://upstream:8030',
    clientSideBaseURI: 'http://upstream:8030',
    eventsURI: 'http://upstream:8030',
    initTimeoutSeconds: 20,
    onInitTimeout: 'Exit',
    disconnectedAfterSeconds: 90,
    httpProxy: { url: 'http://proxy:3128', credentialsRef: ref('proxy', 'auth') },
  },
  events: { enabled: true, flushPeriodSeconds: 2, capacity: 500, memoryBytes: 33_554_432 },
  streaming: { heartbeatPeriodSeconds: 30, maxConnectionSeconds: 3600 },
  tls: { secretRef: { name: 'cert' }, minVersion: '1.3' },
  service: { port: 9030 },
  metrics: { port: 9031 },
  logLevel: 'warn',
};

const cases: Record<string, RelayProxySpecManifest> = {
  minimal: {},
  everything,
  'auto-config': { autoConfig: { keyRef: ref('ld', 'auto'), allowedOrigins: ['https://a.example'] } },
  daemon: { ...daemon, service: { port: 9030 } },
  offline: { offline: { configMapRef: { name: 'archive' }, reloadPeriodSeconds: 5 } },
};

for (const [name, spec] of Object.entries(cases)) {
  test(`document: ${name}`, (t) => {
    const document = relayDocument(testRelayProxy(spec));
    const parsed = schema.safeParse(document);
    assert.ok(parsed.success, parsed.error?.message);
    t.assert.fileSnapshot(document, join(import.meta.dirname, 'golden', `document-${name}.golden`));
  });
}

test('no document names a Secret or holds anything but paths for credentials', () => {
  const text = JSON.stringify(relayDocument(testRelayProxy(everything)));
  assert.doesNotMatch(text, /"(sdkKey|mobileKey|password|username|credentials|key)":/);
});

test('streams are closed within the grace period, however short', () => {
  const drain = (seconds: number) =>
    relayDocument(testRelayProxy({ podTemplate: { terminationGracePeriodSeconds: seconds } })).server?.drainMs;
  assert.deepEqual([0, 10, 20, 60].map(drain), [0, 5000, 10_000, 50_000]);
});

test('of an environment a running relay takes up what is about requests; what it is, and where its files are, it does not', () => {
  const part = (environment: object, spec: RelayProxySpecManifest = {}) =>
    restartPart(relayDocument(testRelayProxy({ ...spec, environments: [{ ...production, ...environment }] })));
  const reloaded = {
    clientSideID: 'abc',
    secureMode: true,
    allowedOrigins: ['https://a.example'],
    cacheMaxAgeSeconds: 5,
  };
  assert.deepEqual(part(reloaded), part({}));
  assert.notDeepEqual(part({ name: 'renamed' }), part({}));
  assert.notDeepEqual(part({ mobileKeyRef: ref('keys', 'mobile') }), part({}));
  assert.deepEqual(part({ logLevel: 'debug' }), part({}));
  assert.notDeepEqual(part({}, { upstream: { streamURI: 'http://other' } }), part({}));
});
