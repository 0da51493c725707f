import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RelayProxySpecManifest } from '@flagrelay/crds';
import { testRelayProxy } from '../testing/test-relay-proxy.ts';
import { mountedVolumes } from './volumes.ts';

const ref = (name: string, key: string) => ({ name, key });

function volume(spec: RelayProxySpecManifest, name: string) {
  return mountedVolumes(testRelayProxy(spec), 'demo-config').find((item) => item.volume.name === name);
}

test('the keys of all environments are one volume, a folder for each, and none has to be there', () => {
  const environments = [
    { name: 'b', sdkKeyRef: ref('z-keys', 'b'), mobileKeyRef: ref('z-keys', 'b-mobile') },
    { name: 'a', sdkKeyRef: ref('a-keys', 'sdk'), sdkKeyPreviousRef: ref('z-keys', 'a-old') },
  ];
  const secrets = volume({ environments }, 'secrets');
  assert.deepEqual(secrets?.volume.projected?.sources, [
    { secret: { name: 'a-keys', items: [{ key: 'sdk', path: 'a/sdk-key' }], optional: true } },
    {
      secret: {
        name: 'z-keys',
        items: [
          { key: 'b', path: 'b/sdk-key' },
          { key: 'b-mobile', path: 'b/mobile-key' },
          { key: 'a-old', path: 'a/sdk-key-previous' },
        ],
        optional: true,
      },
    },
  ]);
  assert.deepEqual(secrets?.mount, { name: 'secrets', mountPath: '/etc/flagrelay/secrets', readOnly: true });
});

test('data files keep the name of their key, so that the ending tells JSON from YAML', () => {
  const data = { configMapKeyRef: ref('flags', 'flags.yaml') };
  const found = volume({ environments: [{ name: 'file', sdkKeyRef: ref('keys', 'sdk'), data }] }, 'data');
  assert.deepEqual(found?.volume.projected?.sources, [
    { configMap: { name: 'flags', items: [{ key: 'flags.yaml', path: 'file/flags.yaml' }], optional: true } },
  ]);
});

test('only what is asked for is mounted', () => {
  const names = mountedVolumes(testRelayProxy(), 'demo-config').map((item) => item.volume.name);
  assert.deepEqual(names, ['config', 'pod', 'secrets', 'state', 'token']);
});

test('the token is one that kubelet renews, and only the state folder can be written', () => {
  const items = mountedVolumes(testRelayProxy(), 'demo-config');
  const token = items.find((item) => item.volume.name === 'token');
  assert.deepEqual(token?.volume.projected?.sources?.[0], {
    serviceAccountToken: { path: 'token', expirationSeconds: 3607 },
  });
  assert.deepEqual(
    items.filter((item) => !item.mount.readOnly).map((item) => item.mount.mountPath),
    ['/var/lib/flagrelay'],
  );
});

test('Redis, proxy, AutoConfig and TLS', () => {
  const redis = volume(
    { store: { redis: { urlRef: ref('r', 'u'), passwordRef: ref('r', 'p'), caRef: ref('ca', 'pem') } } },
    'redis',
  );
  assert.deepEqual(
    redis?.volume.projected?.sources?.map((source) => source.secret?.items),
    [
      [{ key: 'pem', path: 'ca.crt' }],
      [
        { key: 'u', path: 'url' },
        { key: 'p', path: 'password' },
      ],
    ],
  );
  const proxy = volume({ upstream: { httpProxy: { url: 'http://p:1', credentialsRef: ref('p', 'auth') } } }, 'proxy');
  assert.deepEqual(proxy?.volume.projected?.sources?.[0]?.secret?.items, [{ key: 'auth', path: 'credentials' }]);
  const auto = volume({ autoConfig: { keyRef: ref('ld', 'k') } }, 'autoconfig');
  assert.deepEqual(auto?.volume.projected?.sources?.[0]?.secret?.items, [{ key: 'k', path: 'key' }]);
  const tls = volume({ tls: { secretRef: { name: 'cert' } } }, 'tls');
  assert.deepEqual(tls?.volume.secret, { secretName: 'cert', defaultMode: 0o440 });
});

test('an archive comes from a ConfigMap, a Secret or a claim', () => {
  const source = (offline: NonNullable<RelayProxySpecManifest['offline']>) => {
    const { name: _name, ...rest } = volume({ offline }, 'offline')!.volume;
    return rest;
  };
  assert.deepEqual(source({ configMapRef: { name: 'c' } }), { configMap: { name: 'c', optional: true } });
  assert.deepEqual(source({ secretRef: { name: 's' } }), {
    secret: { secretName: 's', optional: true, defaultMode: 0o440 },
  });
  assert.deepEqual(source({ persistentVolumeClaim: { claimName: 'p' } }), {
    persistentVolumeClaim: { claimName: 'p', readOnly: true },
  });
});
