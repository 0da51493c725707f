import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testRelayProxy } from '../testing/test-relay-proxy.ts';
import { missingObject } from './missing-object.ts';

const relayProxy = testRelayProxy({
  tls: { secretRef: { name: 'web' } },
  podTemplate: { volumes: [{ name: 'mine', secret: { secretName: 's' } }] },
});
const mount = (volume: string, rest: string) => `MountVolume.SetUp failed for volume "${volume}" : ${rest}`;

const cases: [words: string, what: string | undefined, reason?: string][] = [
  [mount('tls', 'secret "web" not found'), 'Secret "web" (`spec.tls.secretRef`)', 'SecretNotFound'],
  [mount('mine', 'secret "s" not found'), 'Secret "s" (`spec.podTemplate.volumes`)', 'SecretNotFound'],
  [mount('mine', 'configmap "c" not found'), 'ConfigMap "c" (`spec.podTemplate.volumes`)', 'ConfigMapNotFound'],
  [mount('config', 'configmap "demo-config" not found'), 'ConfigMap "demo-config"', 'ConfigMapNotFound'],
  [
    mount('mine', 'references non-existent secret key: crt'),
    'key "crt" of the Secret of volume mine (`spec.podTemplate.volumes`)',
    'KeyNotFound',
  ],
  ["couldn't find key k in Secret team/s", 'key "k" of Secret "s" (`spec.podTemplate`)', 'KeyNotFound'],
  ['secret "s" not found', 'Secret "s" (`spec.podTemplate`)', 'SecretNotFound'],
  [mount('data', 'rpc error: code = Internal'), undefined],
];

for (const [words, what, reason] of cases) {
  test(words, () => {
    const found = missingObject(words, relayProxy);
    assert.deepEqual([found?.what, found?.reason], [what, reason]);
  });
}
